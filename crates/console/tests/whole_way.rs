//! The console over HTTP without a listener: from the setup link to a commit, and what strangers and other sites' forms get.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use portcullis_console::{App, Check, Control, Finding, ProxySetting, Reload, Settings, Severity, Status};
use portcullis_site::history::History;
use portcullis_site::{Changes, Mode, RuleSource, Site, init};
use tower::ServiceExt as _;

const HOST: &str = "127.0.0.1:8081";

/// Reads the site as it is; nothing runs behind it.
struct Bare(Site);

impl Control for Bare {
    fn status(&self) -> Status {
        Status { name: "shop".to_owned(), mode: self.0.mode().ok(), ..Status::default() }
    }

    fn site(&self) -> Result<Site, String> {
        Ok(self.0.clone())
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
        };
        let (app, secret) = App::open(settings, Arc::new(Bare(Site::open(&root).unwrap()))).unwrap();
        let (router, secret) = (app.into_router(), secret.unwrap());
        Self { router, root, secret, cookie: String::new(), _folder: folder }
    }

    async fn signed_in() -> Self {
        let mut console = Self::new();
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

#[tokio::test]
async fn strangers_see_the_login_page_and_nothing_else() {
    let console = Console::new();
    let document: serde_json::Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut seen = 0;
    for (path, methods) in paths {
        let path = path.replace(['{', '}'], "");
        for method in methods.as_object().unwrap().keys() {
            let request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
            let got = console.send(request, "{}".to_owned()).await;
            assert_eq!(got.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            seen += 1;
        }
    }
    assert!(seen > 8, "{seen}");
    let pages =
        ["/", "/rulesets", "/rulesets/x", "/files/modsecurity.conf", "/protection", "/history", "/settings"];
    for path in pages.into_iter().chain(["/people", "/no-such-page", "/history/1234567"]) {
        let got = console.get(path).await;
        assert!(got.status == StatusCode::SEE_OTHER && got.location.starts_with("/login?next="), "{path}");
    }
    for path in ["/rulesets", "/protection", "/changes/commit", "/people", "/settings"] {
        let got = console.post(path, &[("mode", "off")], &[]).await;
        assert!(got.location.starts_with("/login"), "{path}: {}", got.status);
    }
    assert_eq!(console.get("/login").await.status, StatusCode::OK);
    assert_eq!(console.get("/setup?token=forged").await.status, StatusCode::FORBIDDEN);
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
    for headers in [[("origin", "http://evil.example")], [("sec-fetch-site", "cross-site")]] {
        assert_eq!(console.post("/protection", &form, &headers).await.status, StatusCode::FORBIDDEN);
    }
    for token in ["", "forged"] {
        let form = [("mode", "off"), ("csrf", token)];
        assert_eq!(console.post("/protection", &form, &[]).await.status, StatusCode::FORBIDDEN);
    }
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
