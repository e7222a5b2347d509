//! The console over HTTP without a listener, a file for what is tested; here is the console of a fresh site that they ask.

mod access;
mod changes;
mod events;
mod exclusions;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use portcullis_console::{
    App, Check, Control, Finding, Limits, ProxySetting, Reload, Settings, Severity, Status,
};
use portcullis_insight::{EventDetail, Events, Explanation};
use portcullis_site::history::History;
use portcullis_site::{Changes, RuleSource, Site, init};
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
