//! The event store of a running proxy, and the commands that read it.

use crate::support::{Origin, Portcullis, Site, exchange, get, output};

const RULES: &str = "\
SecAction \"id:999,phase:1,pass,nolog,sanitiseArg:pw\"
SecRule ARGS \"@rx at+ack\" \"id:1000,phase:2,pass,log,auditlog,capture,t:lowercase,t:urlDecodeUni,msg:'attack seen',setvar:tx.anomaly_score=+5\"
SecRule TX:ANOMALY_SCORE \"@ge 5\" \"id:1001,phase:2,deny,status:403,log,auditlog,msg:'score'\"
";

fn said(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_rules_matched_is_stored_listed_and_explained() {
    let (site, origin) =
        (Site::with("SecRuleEngine DetectionOnly\nSecAuditEngine Off\n", RULES), Origin::start());
    let (process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    get(address, "/search?q=an+ATTACK&pw=hunter2secret");
    get(address, "/clean");
    exchange(address, "GET /other?z=attack HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n");
    assert!(process.stop().0.success());

    let lines = said(&["events", site.argument(), "rule:1000"]);
    let lines: Vec<&str> = lines.lines().collect();
    let [first, second] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(first.contains("GET /search  200  would_be_blocked  5  1000,1001  attack seen"), "{first}");
    assert!(second.contains(" GET /other "), "{second}");
    assert!(said(&["events", site.argument(), "path:/clean"]).is_empty(), "only counted");
    let json = said(&["events", site.argument(), "host:other.test", "--json", "--last", "1h"]);
    let event: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(event["verdict"], "would_be_blocked");

    let id = first.split("  ").nth(1).unwrap();
    let text = said(&["explain", site.argument(), id]);
    for part in [
        "/rules/activated_rules/10-test.conf:2  attack seen\n  ARGS:q ",
        "ARGS:q                        an ATTACK\n",
        "lowercase                     an attack\n",
        "urlDecodeUni                  (no change)\n",
        "@rx at+ack\n",
        "matched `attack`\n",
        "tx.anomaly_score: - → 5\n",
        "note: values that rules hide are asterisks",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains("hunter2secret"));

    let protection = said(&["tune", site.argument()]);
    for part in ["2 of 3 requests would have been blocked", "rule 1000  attack seen", "path /search"] {
        assert!(protection.contains(part), "{part} is missing in\n{protection}");
    }
    let proposed = said(&["tune", site.argument(), id]);
    for part in [
        "1. Rule 1000 does not look at ARGS:q on /search\n   Of 2 stored events in which the rule matches, 1 would match no rule",
        "ctl:ruleRemoveTargetById=1000;ARGS:q",
        "4. Rule 1000 does not run\n   Of 2 stored events in which the rule matches, 2 would match no rule",
    ] {
        assert!(proposed.contains(part), "{part} is missing in\n{proposed}");
    }
    said(&["tune", site.argument(), id, "1000", "--apply", "1", "--reason", "words of the trade"]);
    let written = site.read("rules/activated_rules/00-exclusions-before.conf");
    assert!(
        written.starts_with("# words of the trade\nSecRule REQUEST_FILENAME \"@streq /search\""),
        "{written}"
    );
    let again = said(&["explain", site.argument(), id]);
    assert!(again.contains("1000 matched then and does not match by the rules of today"), "{again}");
    let store = std::fs::read(site.path("data/events.sqlite")).unwrap();
    assert!(!store.windows(13).any(|window| window == b"hunter2secret"));
}

#[test]
fn mistakes_are_told_and_off_is_off() {
    let (site, origin) = (Site::new(), Origin::start());
    let (process, address) = Portcullis::run(site.argument(), &origin.url(), &["--events", "off"]);
    get(address, "/?q=attack");
    assert!(process.stop().0.success());
    assert!(!site.path("data/events.sqlite").exists());
    let missing = output(&["events", site.argument()]);
    assert!(!missing.status.success());
    let words = output(&["events", site.argument(), "colour:red"]);
    assert_eq!(words.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&words.stderr).contains("there is no field `colour`"));
}

#[test]
fn a_store_that_cannot_be_opened_stops_no_traffic() {
    let (site, origin) = (Site::new(), Origin::start());
    site.write("data/events.sqlite", "this is no database, and long enough to be taken for one by nobody");
    let (process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    assert!(get(address, "/?q=attack").starts_with("HTTP/1.1 200"));
    let (status, text) = process.stop();
    assert!(status.success() && text.contains("no event is recorded"), "{text}");
}
