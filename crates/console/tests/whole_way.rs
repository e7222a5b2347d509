//! The console over HTTP without a listener: from the setup link to a commit, and what strangers and other sites' forms get.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use portcullis_console::{
    App, Check, Control, Finding, KnownPath, Limits, ProxySetting, Reload, Settings, Severity, Status,
};
use portcullis_insight::{
    Bytes, Counts, EngineMode, Event, EventDetail, EventSummary, Events, Explanation, MatchedRule,
    StoredRequest, StoredResponse, Verdict,
};
use portcullis_site::history::History;
use portcullis_site::{Changes, Mode, RuleSource, Site, init};
use tower::ServiceExt as _;

const HOST: &str = "127.0.0.1:8081";

/// Reads the site as it is; nothing runs behind it.
struct Bare(Site, Option<Arc<Events>>);

impl Control for Bare {
    fn status(&self) -> Status {
        Status { name: "shop".to_owned(), mode: self.0.mode().ok(), ..Status::default() }
    }

    fn site(&self) -> Result<Site, String> {
        Ok(self.0.clone())
    }

    fn events(&self) -> Option<Arc<Events>> {
        self.1.clone()
    }

    fn explain(&self, event: &EventDetail) -> Option<Explanation> {
        Some(portcullis_insight::explain(event, &self.0.load(Default::default()).rule_set?))
    }

    fn check(&self, site: &Site) -> Check {
        let loaded = site.load(Default::default());
        let findings = loaded.diagnostics.iter().map(|found| {
            let place = found.span.map(|span| {
                let file = loaded.sources.file(span.file);
                (
                    file.path.strip_prefix(site.root()).unwrap_or(&file.path).to_path_buf(),
                    file.position(span.start),
                )
            });
            Finding {
                severity: Severity::Error,
                code: found.code.to_owned(),
                message: found.message.clone(),
                help: found.help.clone(),
                path: place.as_ref().map(|(path, _)| path.clone()),
                line: place.as_ref().map(|(_, at)| at.0),
                column: place.as_ref().map(|(_, at)| at.1),
            }
        });
        Check {
            failed: loaded.has_errors(),
            findings: findings.collect(),
            text: "the words of check".to_owned(),
        }
    }

    fn reload(&self) -> Reload {
        Reload { in_force: true, text: String::new() }
    }

    fn settings(&self, _: &Site) -> Vec<ProxySetting> {
        Vec::new()
    }

    fn setting_change(&self, _: &Site, name: &str, _: &str) -> Result<Changes, String> {
        Err(format!("no setting is called `{name}`"))
    }
}

struct Console {
    router: Router,
    root: std::path::PathBuf,
    secret: String,
    cookie: String,
    _folder: tempfile::TempDir,
}

struct Got {
    status: StatusCode,
    location: String,
    cookie: String,
    text: String,
}

impl Console {
    fn new() -> Self {
        Self::with(|_| None)
    }

    fn with(events: impl FnOnce(&Path) -> Option<Arc<Events>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shop");
        let report = init(&root, &RuleSource::Starter, "# settings\n").unwrap();
        let history = History::begin(&root).unwrap();
        history.record(report.created.iter().map(|path| path.as_path()), "Lay a site down").unwrap();
        let settings = Settings {
            address: HOST.parse().unwrap(),
            hosts: Vec::new(),
            folder: root.join("data/console"),
            allow_plain: false,
            tls: None,
            limits: Limits::default(),
        };
        let events = events(&root);
        let (app, secret) = App::open(settings, Arc::new(Bare(Site::open(&root).unwrap(), events))).unwrap();
        let (router, secret) = (app.into_router(), secret.unwrap());
        Self { router, root, secret, cookie: String::new(), _folder: folder }
    }

    async fn signed_in() -> Self {
        Self::new().sign_in().await
    }

    async fn sign_in(self) -> Self {
        let mut console = self;
        let form = [
            ("token", console.secret.as_str()),
            ("account", "ada"),
            ("password", "correct horse"),
            ("again", "correct horse"),
        ];
        let got = console.post("/setup", &form, &[]).await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
        console.cookie = got.cookie;
        console
    }

    async fn send(&self, request: axum::http::request::Builder, body: String) -> Got {
        let mut request = request.header(header::HOST, HOST);
        if !self.cookie.is_empty() {
            request = request.header(header::COOKIE, &self.cookie);
        }
        let answer = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let field =
            |name| answer.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        let policy = field(header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'"), "every answer has the policy: {policy}");
        let cookie = field(header::SET_COOKIE);
        let (status, location) = (answer.status(), field(header::LOCATION));
        let text = String::from_utf8(to_bytes(answer.into_body(), 1 << 24).await.unwrap().to_vec()).unwrap();
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Got { status, location, cookie, text }
    }

    async fn get(&self, path: &str) -> Got {
        self.send(Request::get(path), String::new()).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Got {
        let body: Vec<String> =
            form.iter().map(|(name, value)| format!("{}={}", coded(name), coded(value))).collect();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request, body.join("&")).await
    }

    /// Sends a form with the session's token; then the review's own form.
    async fn change(&self, path: &str, form: &[(&str, &str)], more: &[(&str, &str)]) -> Got {
        let csrf = self.csrf().await;
        let review = self.post(path, &[form, &[("csrf", &csrf)]].concat(), &[]).await;
        assert_eq!(review.status, StatusCode::OK, "{}", review.text);
        let (change, base) = (hidden(&review.text, "change"), hidden(&review.text, "base"));
        let form = [("csrf", csrf.as_str()), ("change", &change), ("base", &base)];
        self.post("/changes/commit", &[&form, more].concat(), &[]).await
    }

    async fn csrf(&self) -> String {
        hidden(&self.get("/rulesets").await.text, "csrf")
    }

    fn file(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).unwrap()
    }

    fn newest(&self) -> (String, String) {
        let newest = History::expect(&self.root).unwrap().entries(1).unwrap().remove(0);
        (newest.author, newest.subject)
    }
}

fn coded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let at = page.find(&start).unwrap_or_else(|| panic!("no field {name} in\n{page}")) + start.len();
    let value = &page[at..at + page[at..].find('"').unwrap()];
    value
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// A path with something in place of its parameters.
fn filled(path: &KnownPath) -> String {
    path.path.replace(['{', '}', '*'], "")
}

#[tokio::test]
async fn strangers_see_the_login_page_and_nothing_else() {
    let console = Console::new();
    let paths = portcullis_console::paths();
    assert!(paths.len() > 50, "{}", paths.len());
    for path in paths.iter().filter(|path| !path.is_public) {
        let request = Request::builder().method(path.method.as_str()).uri(filled(path));
        let got = console.send(request, "{}".to_owned()).await;
        if path.path.starts_with("/api/") {
            assert_eq!(got.status, StatusCode::UNAUTHORIZED, "{path:?}");
        } else {
            let leads_to_login = got.status == StatusCode::SEE_OTHER && got.location.starts_with("/login");
            assert!(leads_to_login, "{path:?}: {} {}", got.status, got.location);
        }
    }
    let open: Vec<String> = paths.iter().filter(|path| path.is_public).map(filled).collect();
    let expected =
        ["/login", "/login", "/setup", "/setup", "/assets/console.css", "/assets/console.js", "/favicon.svg"];
    assert_eq!(open, expected);
    assert!(console.get("/no-such-page").await.location.starts_with("/login?next="));
    assert_eq!(console.get("/login").await.status, StatusCode::OK);
    assert_eq!(console.get("/setup?token=forged").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_documented_path_is_one_and_every_path_of_the_api_is_documented() {
    let document: serde_json::Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let mut documented: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys();
        documented.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let paths = portcullis_console::paths().into_iter();
    let api = paths.filter(|path| path.path.starts_with("/api/") && !path.path.ends_with("/openapi.json"));
    let mut known: Vec<String> =
        api.map(|path| format!("{} {}", path.method, path.path.replace('*', ""))).collect();
    known.sort();
    documented.sort();
    assert_eq!(known, documented);
}

#[tokio::test]
async fn protection_is_switched_by_a_commit_of_who_is_signed_in() {
    let console = Console::signed_in().await;
    let got = console.change("/protection", &[("mode", "protect")], &[("confirm", "another")]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "the name was not typed");
    assert!(console.file("modsecurity.conf").contains("SecRuleEngine DetectionOnly"));
    let more = [("confirm", "shop"), ("reason", "The logs are clean")];
    let got = console.change("/protection", &[("mode", "protect")], &more).await;
    assert!(got.location.starts_with("/history/"), "{}", got.text);
    assert_eq!(Site::open(&console.root).unwrap().mode().unwrap(), Mode::Protect);
    assert_eq!(console.newest(), ("ada".to_owned(), "Switch to protection".to_owned()));
    let shown = console.get(&got.location).await;
    assert!(shown.text.contains("The logs are clean") && shown.text.contains("+ SecRuleEngine On"));
    let history = History::expect(&console.root).unwrap();
    let first = history.entries(2).unwrap()[1].id.to_string();
    let got = console.change(&format!("/history/{first}"), &[], &[]).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert_eq!(Site::open(&console.root).unwrap().mode().unwrap(), Mode::Detect);
}

#[tokio::test]
async fn forms_of_other_sites_and_forged_tokens_are_refused() {
    let console = Console::signed_in().await;
    let csrf = console.csrf().await;
    let form = [("mode", "off"), ("csrf", csrf.as_str())];
    let mut posts = portcullis_console::paths();
    posts.retain(|path| path.method == "POST");
    assert!(posts.len() > 15, "{}", posts.len());
    for path in &posts {
        for headers in [[("origin", "http://evil.example")], [("sec-fetch-site", "cross-site")]] {
            let got = console.post(&filled(path), &form, &headers).await;
            assert_eq!(got.status, StatusCode::FORBIDDEN, "{path:?} {headers:?}");
            assert!(got.text.contains("not sent by a page of this console"), "{path:?}: {}", got.text);
        }
        for token in ["", "forged"] {
            let got = console.post(&filled(path), &[("mode", "off"), ("csrf", token)], &[]).await;
            if !path.is_public {
                assert_eq!(got.status, StatusCode::FORBIDDEN, "{path:?} {token:?}");
                assert!(got.text.contains("from another session"), "{path:?}: {}", got.text);
            }
        }
    }
    assert_eq!(console.get("/session").await.status, StatusCode::NOT_FOUND, "the session lasts");
    assert_eq!(console.post("/protection", &form, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_broken_edit_is_refused_with_its_line_and_a_second_editor_is_told() {
    let console = Console::signed_in().await;
    let page = console.get("/files/modsecurity.conf").await;
    let (csrf, base) = (hidden(&page.text, "csrf"), hidden(&page.text, "base"));
    let before = console.file("modsecurity.conf");
    let broken = format!("SecRul </textarea><script>\n{before}");
    let form = [("csrf", csrf.as_str()), ("base", &base), ("text", &broken), ("do", "review")];
    let got = console.post("/files/modsecurity.conf", &form, &[]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("<li class=\"bad\">1</li>"), "the line is marked");
    assert_eq!(got.text.matches("</textarea").count(), 1, "the text cannot end its field");
    assert!(got.text.contains("&lt;/textarea&gt;&lt;script&gt;"), "it is escaped");
    assert_eq!(console.file("modsecurity.conf"), before);
    std::fs::write(console.root.join("modsecurity.conf"), format!("{before}# by hand\n")).unwrap();
    let mine = format!("{before}# mine\n");
    let form = [("csrf", csrf.as_str()), ("base", &base), ("text", &mine), ("do", "review")];
    let got = console.post("/files/modsecurity.conf", &form, &[]).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert!(got.text.contains("− # by hand") && got.text.contains("+ # mine"), "both versions");
}

#[tokio::test]
async fn a_rule_is_taken_out_by_a_file_of_its_own_and_comes_back() {
    let console = Console::signed_in().await;
    let sets = Site::open(&console.root).unwrap().rule_sets().unwrap();
    let set = sets.iter().find(|set| set.activated.is_some() && set.about.rules > 3).unwrap();
    let page = console.get(&format!("/rulesets/{}", set.name)).await;
    let at = page.text.find("name=\"rule-off\" value=\"").expect("a rule that can be taken out");
    let id: String = page.text[at + 23..].chars().take_while(char::is_ascii_digit).collect();
    let path = format!("/rulesets/{}", set.name);
    let text = console.file(set.activated.as_ref().unwrap().to_str().unwrap());
    let got = console.change(&path, &[("rule-off", &id)], &[]).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    let off = "rules/activated_rules/zz-rules-off.conf";
    assert!(console.file(off).ends_with(&format!("SecRuleRemoveById {id}\n")));
    assert_eq!(console.file(set.activated.as_ref().unwrap().to_str().unwrap()), text, "the set's file stays");
    let got = console.change(&path, &[("rule-on", &id)], &[]).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert!(!Path::new(&console.root.join(off)).exists());
}

#[tokio::test]
async fn the_sixth_wrong_password_is_not_looked_at() {
    let mut console = Console::signed_in().await;
    console.cookie.clear();
    let wrong = [("account", "ada"), ("password", "battery staple")];
    for _ in 0..5 {
        assert_eq!(console.post("/login", &wrong, &[]).await.status, StatusCode::FORBIDDEN);
    }
    let right = [("account", "ada"), ("password", "correct horse")];
    assert_eq!(console.post("/login", &right, &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_role_may_do_what_it_may() {
    let mut console = Console::signed_in().await;
    let csrf = console.csrf().await;
    let form = [
        ("csrf", csrf.as_str()),
        ("do", "add"),
        ("account", "vic"),
        ("password", "just looking"),
        ("role", "view"),
    ];
    assert_eq!(console.post("/people", &form, &[]).await.status, StatusCode::SEE_OTHER);
    console.cookie.clear();
    let got = console.post("/login", &[("account", "vic"), ("password", "just looking")], &[]).await;
    console.cookie = got.cookie;
    let csrf = console.csrf().await;
    for path in ["/protection", "/rulesets", "/changes/commit", "/settings"] {
        let got = console.post(path, &[("csrf", &csrf), ("mode", "off")], &[]).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{path}");
    }
    let form = [
        ("csrf", csrf.as_str()),
        ("do", "add"),
        ("account", "x"),
        ("password", "0123456789"),
        ("role", "admin"),
    ];
    assert_eq!(console.post("/people", &form, &[]).await.status, StatusCode::FORBIDDEN);
}

/// A request with hostile bytes that would have been blocked, now.
fn misjudged() -> Event {
    let micros = jiff::Timestamp::now().as_microsecond();
    let summary = EventSummary {
        seq: 0,
        id: "ag8R2X8AAQEAAASa".to_owned(),
        micros,
        client: "192.0.2.7".to_owned(),
        host: "shop.example".into(),
        method: "GET".into(),
        path: Bytes::from(&b"/search<script>\xff"[..]),
        status: Some(200),
        verdict: Verdict::WouldBeBlocked,
        score: 5,
        rules: vec![942_100],
        instance: String::new(),
        message: "SQL <b>injection</b>".into(),
    };
    let matched = MatchedRule {
        id: 942_100,
        file: "crs/942.conf".to_owned(),
        line: 7,
        phase: 2,
        msg: "SQL <b>injection</b>".into(),
        data: "Matched".into(),
        severity: Some(2),
        tags: vec!["attack-sqli".into()],
        version: Bytes::default(),
        variable: "ARGS:q".into(),
        value: Bytes::from(&b"1' or \0 <img src=x>"[..]),
        value_length: 500,
        operator: "detected SQLi".into(),
        intercepted: false,
        disruptive: true,
        sums_up: false,
        detecting: false,
    };
    let request = StoredRequest {
        line: "GET /search?q=1'<img> HTTP/1.1".into(),
        target: "/search?q=1'<img>".into(),
        protocol: "HTTP/1.1".into(),
        headers: vec![("Host".into(), "shop.example:8080".into()), ("Cookie".into(), "******".into())],
        body: None,
        body_length: 0,
    };
    let detail = EventDetail {
        summary,
        server: "127.0.0.1:80".to_owned(),
        request,
        response: StoredResponse::default(),
        matched: vec![matched],
        matched_more: 0,
        notes: Vec::new(),
        scores: Vec::new(),
        interception: None,
        engine_mode: EngineMode::DetectionOnly,
        audited: true,
        hidden: vec!["Cookie".into()],
        duration_micros: 900,
        bytes_received: 100,
        bytes_sent: 200,
        upstream: None,
        error: None,
    };
    let counts = Counts { requests: 1, would_be_blocked: 1, ..Counts::default() };
    Event { micros, counts, detail: Some(Box::new(detail)) }
}

/// A console whose store holds [`misjudged`] and nine requests that matched nothing.
async fn watching() -> Console {
    let store = |root: &Path| {
        let events = Events::open(root.join("events.sqlite"), portcullis_insight::Limits::default()).unwrap();
        events.submit(misjudged());
        let micros = jiff::Timestamp::now().as_microsecond();
        let counts = Counts { requests: 9, passed: 9, ..Counts::default() };
        events.submit(Event { micros, counts, detail: None });
        assert!(events.flush(std::time::Duration::from_secs(20)));
        Some(Arc::new(events))
    };
    Console::with(store).sign_in().await
}

#[tokio::test]
async fn events_are_counted_found_and_shown_as_text() {
    let console = watching().await;
    let overview = console.get("/").await.text;
    assert!(overview.contains("10 requests in the last 24 hours. Nothing was blocked"), "{overview}");
    assert!(overview.contains("10.00 %") && overview.contains("q=rule%3A942100"), "{overview}");
    let list = console.get("/events?q=rule:942100&verdict=would_be_blocked&range=hour").await.text;
    assert!(
        list.contains("/events/ag8R2X8AAQEAAASa") && list.contains("/search&lt;script&gt;\\xff"),
        "{list}"
    );
    assert!(console.get("/events?q=rule:1").await.text.contains("No request of this time matched"));
    let event = console.get("/events/ag8R2X8AAQEAAASa").await.text;
    assert!(event.contains("1&#39; or \\x00 &lt;img src=x&gt;") && !event.contains("<img"), "{event}");
    assert!(event.contains("483 bytes more") || event.contains("bytes more are not stored"), "{event}");
    let curl =
        "curl -g --path-as-is &#39;http://shop.example:8080/search?q=1&#39;\\&#39;&#39;&lt;img&gt;&#39;<";
    assert!(event.contains(curl) && event.contains("the field Cookie, which rules hide"), "{event}");
    let protection = console.get("/protection").await.text;
    assert!(
        protection.contains("1 of 10 requests in the last 24 hours would have been blocked"),
        "{protection}"
    );
}

#[tokio::test]
async fn the_api_tells_what_the_pages_show_and_refuses_what_it_does_not_know() {
    let console = watching().await;
    let json = async |path: &str| -> serde_json::Value {
        let got = console.get(path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}: {}", got.text);
        serde_json::from_str(&got.text).unwrap()
    };
    assert_eq!(json("/api/v1/overview?range=hour").await["totals"]["requests"], 10);
    assert_eq!(json("/api/v1/protection").await["stored"], 1);
    assert_eq!(json("/api/v1/events?q=score:%3E4").await["items"][0]["client"], "192.0.2.7");
    assert_eq!(json("/api/v1/events/ag8R2X8AAQEAAASa").await["matched"][0]["variable"], "ARGS:q");
    for wrong in
        ["events?q=colour:red", "events?range=year", "events?limit=0", "events?before=x", "overview?range="]
    {
        let got = console.get(&format!("/api/v1/{wrong}")).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", got.text);
    }
    assert_eq!(console.get("/api/v1/events/none").await.status, StatusCode::NOT_FOUND);
    let page = console.get("/events?q=colour:red").await;
    assert!(
        page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text.contains("there is no field `colour`")
    );
    let bare = Console::signed_in().await;
    assert_eq!(bare.get("/api/v1/events").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(bare.get("/").await.text.contains("No events are kept"));
}

#[tokio::test]
async fn the_live_tail_sends_what_comes() {
    let store = |root: &Path| {
        Some(Arc::new(
            Events::open(root.join("events.sqlite"), portcullis_insight::Limits::default()).unwrap(),
        ))
    };
    let mut held = None;
    let console = Console::with(|root| {
        held = store(root);
        held.clone()
    });
    let console = console.sign_in().await;
    let request = Request::get("/events/live?q=rule:942100").header(header::HOST, HOST);
    let request = request.header(header::COOKIE, &console.cookie).body(Body::empty()).unwrap();
    let answer = console.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    held.unwrap().submit(misjudged());
    let mut frames = answer.into_body().into_data_stream();
    let mut text = String::new();
    while !text.contains("\ndata: ") {
        let next = std::future::poll_fn(|context| {
            futures_core::Stream::poll_next(std::pin::Pin::new(&mut frames), context)
        });
        text.push_str(std::str::from_utf8(&next.await.unwrap().unwrap()).unwrap());
    }
    assert!(text.starts_with(": open\n\n") && text.contains("<tr> <td class=\"num\">"), "{text}");
    assert!(text.contains("/search&lt;script&gt;") && text.ends_with("\n\n"), "{text}");
}

/// What the site's rules make of a GET, as the proxy would store it.
fn asked(root: &Path, id: &str, target: &str) -> Event {
    let rules = Site::open(root).unwrap().load(Default::default()).rule_set.unwrap();
    let mut detail = *misjudged().detail.unwrap();
    let path = target.split('?').next().unwrap_or(target);
    detail.summary.id = id.to_owned();
    detail.summary.path = path.into();
    detail.summary.rules.clear();
    detail.matched.clear();
    detail.hidden.clear();
    detail.request.line = format!("GET {target} HTTP/1.1").as_str().into();
    detail.request.target = target.into();
    let fields = [("Host", "shop.example"), ("User-Agent", "Mozilla/5.0"), ("Accept", "*/*")];
    detail.request.headers = fields.map(|(name, value)| (name.into(), value.into())).to_vec();
    portcullis_insight::replay::replay(&detail, &rules).event
}

const MISJUDGED: &str = "/search?q=books+about+information_schema";
const ATTACK: &str = "/login?user=x%27+union+select+1,2--";

/// A site with its starter rules that saw a customer twice and an attacker once.
async fn tuning() -> (Console, Arc<Events>) {
    let mut held = None;
    let console = Console::with(|root| {
        let events = Events::open(root.join("events.sqlite"), portcullis_insight::Limits::default()).unwrap();
        for (id, target) in [("customer1", MISJUDGED), ("customer2", MISJUDGED), ("attacker", ATTACK)] {
            events.submit(asked(root, id, target));
        }
        assert!(events.flush(std::time::Duration::from_secs(20)));
        held = Some(Arc::new(events));
        held.clone()
    });
    (console.sign_in().await, held.unwrap())
}

#[tokio::test]
async fn a_misjudged_request_is_excluded_and_attacks_are_blocked() {
    let (console, _events) = tuning().await;
    let verdict = |target| {
        asked(&console.root, "again", target).detail.map_or(Verdict::Passed, |detail| detail.summary.verdict)
    };
    assert_eq!((verdict(MISJUDGED), verdict(ATTACK)), (Verdict::WouldBeBlocked, Verdict::WouldBeBlocked));
    let event = console.get("/events/customer1").await.text;
    assert!(event.contains("/exclusions/new?event=customer1&amp;rule=15030"), "{event}");

    let page = console.get("/exclusions/new?event=customer1&rule=15030").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let scopes: Vec<usize> = ["target_on_path", "target", "rule_on_path", "tag_target_on_path", "rule"]
        .iter()
        .map(|scope| page.text.find(&format!("name=\"scope\" value=\"{scope}\"")).unwrap())
        .collect();
    assert!(scopes.is_sorted(), "narrow to wide");
    let proposals = console.get("/api/v1/exclusions/proposals?event=customer1&rule=15030").await.text;
    let proposals: serde_json::Value = serde_json::from_str(&proposals).unwrap();
    assert_eq!(proposals["tried"], 3);
    let narrow = &proposals["proposals"][0];
    assert_eq!(
        (&narrow["effect"]["cleared"], &narrow["effect"]["events"]),
        (&2.into(), &2.into()),
        "{narrow}"
    );

    let csrf = console.csrf().await;
    let form = [
        ("event", "customer1"),
        ("rule", "15030"),
        ("scope", "target_on_path"),
        ("reason", " "),
        ("csrf", &csrf),
    ];
    let got = console.post("/exclusions", &form, &[]).await;
    assert!(got.status == StatusCode::UNPROCESSABLE_ENTITY && got.text.contains("Say why"), "{}", got.text);
    let before = console.newest();
    let form =
        [("event", "customer1"), ("rule", "15030"), ("scope", "target_on_path"), ("reason", "A coffee <b>")];
    let got = console.change("/exclusions", &form, &[]).await;
    assert!(got.location.starts_with("/history/"), "{}", got.text);
    let subject = "Rule 15030 does not look at ARGS:q on /search";
    assert_eq!(console.newest(), ("ada".to_owned(), subject.to_owned()));
    let file = "rules/activated_rules/00-exclusions-before.conf";
    assert!(
        console
            .file(file)
            .starts_with("# A coffee <b>\n# From the event customer1.\nSecRule REQUEST_FILENAME ")
    );
    assert_eq!((verdict(MISJUDGED), verdict(ATTACK)), (Verdict::Passed, Verdict::WouldBeBlocked));

    let list = console.get("/exclusions").await.text;
    assert!(list.contains("ARGS:q taken out of rule 15030") && list.contains("A coffee &lt;b&gt;"), "{list}");
    let got = console.change("/protection", &[("mode", "protect")], &[("confirm", "shop")]).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert_eq!((verdict(MISJUDGED), verdict(ATTACK)), (Verdict::Passed, Verdict::Blocked));

    let api: serde_json::Value = serde_json::from_str(&console.get("/api/v1/exclusions").await.text).unwrap();
    let one = &api["exclusions"][0];
    assert_eq!(
        (&one["author"], &one["events"], &one["targets"][0]),
        (&"ada".into(), &2.into(), &"ARGS:q".into())
    );
    let got = console.change("/exclusions", &[("remove", one["id"].as_str().unwrap())], &[]).await;
    assert!(got.location.starts_with("/history/"), "{}", got.text);
    assert!(!console.root.join(file).exists() && verdict(MISJUDGED) == Verdict::Blocked);
    assert_ne!(console.newest(), before);
}

#[tokio::test]
async fn what_cannot_be_excluded_is_refused_with_a_sentence() {
    let (console, _events) = tuning().await;
    let csrf = console.csrf().await;
    for (path, status, words) in [
        ("/exclusions/new?event=none", StatusCode::NOT_FOUND, "is not there"),
        ("/exclusions/new?event=customer1&rule=x", StatusCode::UNPROCESSABLE_ENTITY, "is no rule id"),
        ("/exclusions/new?event=customer1&rule=1", StatusCode::OK, "did not match in this event"),
        (
            "/api/v1/exclusions/proposals?event=customer1&rule=1",
            StatusCode::UNPROCESSABLE_ENTITY,
            "did not match",
        ),
    ] {
        let got = console.get(path).await;
        assert!(got.status == status && got.text.contains(words), "{path}: {} {}", got.status, got.text);
    }
    let exclude = |event, rule: u64, scope, reason| serde_json::json!({ "change": { "kind": "exclude", "event": event, "rule": rule, "scope": scope, "reason": reason } });
    for (order, status) in [
        (exclude("customer1", 15030, "rule", " "), StatusCode::UNPROCESSABLE_ENTITY),
        (exclude("customer1", 15030, "everything", "why"), StatusCode::UNPROCESSABLE_ENTITY),
        (exclude("none", 15030, "rule", "why"), StatusCode::NOT_FOUND),
        (exclude("customer1", 1, "rule", "why"), StatusCode::UNPROCESSABLE_ENTITY),
        (
            serde_json::json!({ "change": { "kind": "remove-exclusion", "exclusion": "x" } }),
            StatusCode::NOT_FOUND,
        ),
    ] {
        let request = Request::post("/api/v1/changes").header("x-csrf-token", &csrf);
        let got = console.send(request, order.to_string()).await;
        assert_eq!(got.status, status, "{order}: {}", got.text);
    }
    assert!(!console.root.join("rules/activated_rules/00-exclusions-before.conf").exists());
}

#[tokio::test]
async fn an_event_is_explained_step_by_step() {
    let (console, _events) = tuning().await;
    let page = console.get("/events/attacker").await.text;
    let steps = page.find("<code>t:urlDecodeUni</code>").expect("the transformations");
    let hit = steps + page[steps..].find("<mark>union select 1</mark>").expect("the span that matched");
    assert!(page[hit..].contains("<code>tx.request_score"), "{page}");
    assert!(page.contains("<h2 id=\"added\">What each rule added</h2>"), "{page}");
    let link = "/files/rules/activated_rules/50-sql-injection.conf#rule-15010";
    assert!(page.contains(link), "{page}");
    let set = console.get("/files/rules/activated_rules/50-sql-injection.conf").await.text;
    assert!(set.contains("id=\"rule-15010\"") && set.contains("1 event, line"), "{set}");
    let got = console.get("/api/v1/events/attacker/explanation").await;
    let told: serde_json::Value = serde_json::from_str(&got.text).unwrap();
    let union = told["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == 15010).unwrap();
    assert_eq!(union["matches"][0]["variable"], "ARGS:user", "{union}");
    assert_eq!(console.get("/api/v1/events/none/explanation").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_rules_hide_is_on_no_page_and_in_no_answer() {
    const SECRET: &str = "Hunter2secret";
    let console = Console::with(|root| {
        let rule =
            "SecAction \"id:100,phase:1,nolog,pass,sanitiseArg:password,sanitiseRequestHeader:User-Agent\"\n";
        std::fs::write(root.join("rules/activated_rules/05-hide.conf"), rule).unwrap();
        let events = Events::open(root.join("events.sqlite"), portcullis_insight::Limits::default()).unwrap();
        let target = format!("/login?password={SECRET}%27+union+select+1,2--&q=information_schema");
        let event = asked(root, "login1", &target);
        assert_eq!(event.detail.as_ref().unwrap().hidden, ["password".into(), "User-Agent".into()]);
        events.submit(event);
        assert!(events.flush(std::time::Duration::from_secs(20)));
        Some(Arc::new(events))
    });
    let console = console.sign_in().await;
    let mut seen = 0;
    for path in [
        "/",
        "/events",
        "/events?q=information_schema",
        "/events/login1",
        "/exclusions",
        "/exclusions/new?event=login1&rule=15010",
        "/exclusions/new?event=login1&rule=15030",
        "/protection",
        "/history",
        "/rulesets",
        "/rulesets/50-sql-injection.conf",
        "/api/v1/overview",
        "/api/v1/protection",
        "/api/v1/events",
        "/api/v1/events/login1",
        "/api/v1/events/login1/explanation",
        "/api/v1/exclusions",
        "/api/v1/exclusions/proposals?event=login1&rule=15030",
    ] {
        let got = console.get(path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}: {}", got.text);
        assert!(!got.text.contains(SECRET), "{path}: {}", got.text);
        seen += usize::from(got.text.contains("login1") || got.text.contains("/login"));
    }
    assert!(seen > 9, "the event is on these pages: {seen}");
    let found = console.get(&format!("/api/v1/events?q={SECRET}")).await.text;
    assert!(found.contains("\"items\":[]"), "it is not searched either: {found}");
}
