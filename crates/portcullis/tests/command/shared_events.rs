//! Two proxies that feed one event store in PostgreSQL, and the console of one of them that shows both.

use std::net::SocketAddr;
use std::time::Instant;

use portcullis_testkit::postgres::Postgres;

use crate::support::{Origin, PATIENCE, Portcullis, Site, exchange, get, output_with};

const RULES: &str =
    "SecRule ARGS \"@contains attack\" \"id:1000,phase:2,pass,log,auditlog,msg:'attack seen'\"\n";

/// Signs in over the link that a new console gives, and returns the session's cookie.
fn sign_in(link: &str, console: SocketAddr) -> String {
    let token = link.split("token=").nth(1).unwrap().split_whitespace().next().unwrap();
    let form =
        format!("token={token}&account=ada&password=a+long+enough+password&again=a+long+enough+password");
    let answer = exchange(
        console,
        &format!(
            "POST /setup HTTP/1.1\r\nHost: {console}\r\nOrigin: http://{console}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        ),
    );
    let cookie = answer.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:"));
    let cookie = cookie.unwrap_or_else(|| panic!("no session in\n{answer}"));
    cookie.split_once(':').unwrap().1.split(';').next().unwrap().trim().to_owned()
}

#[test]
fn two_instances_feed_one_console() {
    let Some(postgres) = Postgres::start() else { return };
    let (site, origin) = (Site::with("SecRuleEngine DetectionOnly\n", RULES), Origin::start());
    let other = Site::with("SecRuleEngine On\n", RULES);
    let url = postgres.url();
    let run = |site: &Site, name: &str, console: &str| {
        let arguments = ["--events-url", &url, "--instance-name", name, "--console", console];
        Portcullis::run(site.argument(), &origin.url(), &arguments)
    };
    let (mut north, first) = run(&site, "north", "127.0.0.1:0");
    let (south, second) = run(&other, "south", "off");
    let console = north.error_line("console on http://");
    let console: SocketAddr = console.split("http://").nth(1).unwrap().trim_end_matches('/').parse().unwrap();
    let cookie = sign_in(&north.error_line("/setup?"), console);
    for _ in 0..3 {
        get(first, "/a?q=attack");
    }
    get(first, "/clean");
    for _ in 0..2 {
        get(second, "/b?q=attack");
    }
    // Ends with everything written.
    assert!(south.stop().0.success());
    let page = |path: &str| {
        let text = exchange(
            console,
            &format!(
                "GET {path} HTTP/1.1\r\nHost: {console}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
            ),
        );
        assert!(text.starts_with("HTTP/1.1 200"), "{path}: {text}");
        text
    };
    let arguments = ["events", site.argument(), "text:ATTACK"];
    let variables = [("PORTCULLIS_EVENTS_URL", url.as_str())];
    let mut listed = String::new();
    // The last event of the instance that still runs comes within the time that its writer gathers, its counters in a second.
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        listed = String::from_utf8(output_with(&arguments, &variables).stdout).unwrap();
        if listed.lines().count() == 5 {
            break;
        }
    }
    assert_eq!(listed.lines().count(), 5, "{listed}");
    let answer = page("/api/v1/instances");
    let instances: serde_json::Value =
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let told = |index: usize, field: &str| instances[index][field].clone();
    assert_eq!((told(0, "name"), told(1, "name")), ("north".into(), "south".into()));
    assert_eq!((told(0, "mode"), told(1, "mode")), ("DetectionOnly".into(), "On".into()));
    assert_ne!(told(0, "rules"), told(1, "rules"));
    assert_eq!(instances[1]["counts"]["requests"], 2);
    let events = page("/api/v1/events?q=rule:1000");
    assert!(
        events.contains("\"instance\":\"north\"") && events.contains("\"instance\":\"south\""),
        "{events}"
    );
    let mut overview = page("/");
    while !overview.contains("6 requests in the last") && Instant::now() < deadline {
        overview = page("/");
    }
    for part in ["6 requests in the last", "north", "south", "other rules than here"] {
        assert!(overview.contains(part), "{part} is missing in\n{overview}");
    }
    assert!(north.stop().0.success());
}

#[test]
fn a_database_that_is_away_stops_no_traffic() {
    let (site, origin) = (Site::with("SecRuleEngine DetectionOnly\n", RULES), Origin::start());
    let url = "postgres://nobody:hunter2secret@%2Fnowhere/none";
    let (process, address) = Portcullis::run(site.argument(), &origin.url(), &["--events-url", url]);
    assert!(get(address, "/?q=attack").starts_with("HTTP/1.1 200"));
    let (status, text) = process.stop();
    assert!(status.success() && text.contains("event store: 1 entry lost"), "{text}");
    assert!(!text.contains("hunter2secret"), "{text}");
    let shown = output_with(&["run", site.argument(), "--print-settings"], &[("PORTCULLIS_EVENTS_URL", url)]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("postgres://nobody:********@%2Fnowhere/none"), "{shown}");
}
