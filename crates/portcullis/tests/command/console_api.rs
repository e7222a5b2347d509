//! The console of a running proxy over HTTP: its API as the OpenAPI document tells it, and what it says of the files it reads.
//!
//! schemathesis asks the API: there must be no server error and no answer that the document lacks. It is a Python program that
//! is fetched and not kept here: `python3 -m venv target/schemathesis` and `target/schemathesis/bin/pip install schemathesis`
//! put it where this looks, and `PORTCULLIS_SCHEMATHESIS` names another program. Without it the test says that it did not run.
//! It has an admin's token and a site of its own, which it changes as it likes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::support::{Origin, PATIENCE, Portcullis, as_ann, exchange, get, output, status};

/// What it does not judge, and why.
const NOT_JUDGED: &str = "positive_data_acceptance,ignored_auth";
// positive_data_acceptance: whether a filter, a setting or a file is one, no schema can tell.
// ignored_auth: it tries so many wrong tokens that it is answered 429; what strangers get, another test asks of every path.

fn schemathesis() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/schemathesis/bin/schemathesis");
    let place = std::env::var_os("PORTCULLIS_SCHEMATHESIS").map_or(beside, PathBuf::from);
    let is_there = Command::new(&place).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !is_there {
        println!("skipped: the API against its document; no schemathesis at `{}`", place.display());
    }
    is_there.then_some(place)
}

/// The console of a site with an event, and an admin's token.
struct Api {
    process: Portcullis,
    console: SocketAddr,
    token: String,
    /// The field with the cookie of a session.
    cookie: String,
}

impl Api {
    fn start(site: &str) -> Self {
        let (mut process, proxy) =
            Portcullis::run(site, &Origin::start().url(), &["--console", "127.0.0.1:0"]);
        let line = process.error_line("console on http://");
        let console = line.rsplit('/').next().unwrap().trim().parse().unwrap();
        let link = process.error_line("/setup?token=");
        let secret = link.split("token=").nth(1).unwrap().trim();
        let form = format!("token={secret}&account=ada&password=correct+horse&again=correct+horse");
        let answer = post(console, "/setup", "", &form);
        let cookie = answer.split("set-cookie: ").nth(1).expect(&answer).split(';').next().unwrap();
        let cookie = format!("Cookie: {cookie}\r\n");
        let session = ask(console, "GET", "/api/v1/session", &cookie, "");
        let csrf = session.split("\"csrf\":\"").nth(1).expect(&session).split('"').next().unwrap();
        let form = format!("csrf={csrf}&do=add-token&name=robot&role=admin&days=1");
        let page = post(console, "/people", &cookie, &form);
        let token = page.split("id=\"secret\">").nth(1).expect(&page).split('<').next().unwrap().to_owned();
        assert_eq!(status(&get(proxy, "/?q=%3Cscript%3Ealert(1)%3C/script%3E")), 200);
        Self { process, console, token, cookie }
    }

    /// The id of the first item of a list, once there is one.
    fn first(&self, path: &str, list: &str) -> String {
        let authorization = format!("Authorization: Bearer {}\r\n", self.token);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = ask(self.console, "GET", path, &authorization, "");
            let (_, body) = answer.split_once("\r\n\r\n").expect(&answer);
            let found: Value = serde_json::from_str(body).expect(body);
            if let Some(id) = found[list][0]["id"].as_str() {
                return id.to_owned();
            }
            assert!(Instant::now() < deadline, "{answer}");
        }
    }
}

fn post(console: SocketAddr, path: &str, fields: &str, form: &str) -> String {
    ask(console, "POST", path, &format!("{fields}Content-Type: application/x-www-form-urlencoded\r\n"), form)
}

fn ask(console: SocketAddr, method: &str, path: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    exchange(
        console,
        &format!(
            "{method} {path} HTTP/1.1\r\nHost: {console}\r\nConnection: close\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// Names of things that are there, so that it gets further than to what is missing.
fn known(event: &str, commit: &str) -> String {
    let known = [
        ("/api/v1/events/{id}", "id", event),
        ("/api/v1/events/{id}/explanation", "id", event),
        ("/api/v1/exclusions/proposals", "event", event),
        ("/api/v1/history/{commit}", "commit", commit),
        ("/api/v1/rule-sets/{name}", "name", "40-cross-site-scripting.conf"),
        ("/api/v1/files/{path}", "path", "modsecurity.conf"),
    ];
    let one = |(path, name, value): &(&str, &str, &str)| {
        format!("[[operations]]\ninclude-path = \"{path}\"\nparameters = {{ {name} = \"{value}\" }}\n")
    };
    known.iter().map(one).collect()
}

#[test]
fn the_api_does_what_its_document_says() {
    let Some(schemathesis) = schemathesis() else { return };
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("shop");
    let laid = output(&["init", site.to_str().unwrap()]);
    assert!(laid.status.success(), "{}", String::from_utf8_lossy(&laid.stderr));
    let api = Api::start(site.to_str().unwrap());
    let (event, commit) = (api.first("/api/v1/events", "items"), api.first("/api/v1/history", "commits"));
    let config = folder.path().join("schemathesis.toml");
    std::fs::write(&config, known(&event, &commit)).unwrap();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../console/openapi.json");
    let mut run = as_ann(schemathesis);
    run.arg("--config-file").arg(&config).args(["--no-color", "run"]).arg(document);
    run.arg("--url").arg(format!("http://{}", api.console));
    run.arg("--header").arg(format!("Authorization: Bearer {}", api.token));
    // A live tail does not end; it has tests of its own.
    run.args(["--exclude-path", "/api/v1/events/live", "--exclude-checks", NOT_JUDGED]);
    run.args(["--phases", "coverage,fuzzing", "--max-examples", "10", "--continue-on-failure"]);
    run.arg("--generation-deterministic");
    run.args(["--generation-with-security-parameters", "false"]);
    // What it leaves lies in the folder.
    let run = run.current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    let cases = said.lines().find(|line| line.contains(" generated,")).unwrap_or_default();
    let count: usize = cases.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0);
    assert!(count > 300, "{said}");
    println!("schemathesis: {}", cases.trim());
    let (ended, said) = api.process.stop();
    assert!(ended.success(), "{said}");
}

#[test]
fn a_file_shows_what_is_wrong_with_it_whoever_broke_it() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("shop");
    let laid = output(&["init", site.to_str().unwrap()]);
    assert!(laid.status.success(), "{}", String::from_utf8_lossy(&laid.stderr));
    let api = Api::start(site.to_str().unwrap());
    let page = || ask(api.console, "GET", "/files/modsecurity.conf", &api.cookie, "");
    let file = site.join("modsecurity.conf");
    let text = std::fs::read_to_string(&file).unwrap();
    for _ in 0..2 {
        std::fs::write(&file, &text).unwrap();
        // What was read a moment ago is not taken for what is there now.
        assert!(!page().contains("Has errors"));
        assert!(!page().contains("Has errors"));
        std::fs::write(&file, format!("SecRul x\n{text}")).unwrap();
        assert!(page().contains("Has errors"));
        assert!(page().contains("Has errors"));
    }
}

#[test]
fn a_geographic_database_of_the_site_names_the_country_of_a_client() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("shop");
    let laid = output(&["init", site.to_str().unwrap()]);
    assert!(laid.status.success(), "{}", String::from_utf8_lossy(&laid.stderr));
    // A country file of one node: addresses below 128.0.0.0 are in Germany, number 56 of the format.
    std::fs::write(site.join("countries.dat"), [56, 255, 255, 0, 255, 255, 255, 255, 255, 106]).unwrap();
    let file = site.join("modsecurity.conf");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\nSecGeoLookupDb countries.dat\n")).unwrap();
    let api = Api::start(site.to_str().unwrap());
    let event = api.first("/api/v1/events", "items");
    let see = |path: &str| ask(api.console, "GET", path, &api.cookie, "");
    let page = see(&format!("/events/{event}"));
    assert!(page.contains("<dt>Country</dt><dd class=\"num\">Germany</dd>"), "{page}");
    for path in ["/", "/protection"] {
        let page = see(path);
        assert!(page.contains("127.0.0.1</a><span class=\"sub\">Germany</span>"), "{page}");
    }
}
