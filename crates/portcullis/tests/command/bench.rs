//! `portcullis bench`: what it lists, and that it names the rule that makes a site slow.

use std::fmt::Write as _;

use crate::support::{Site, output};

/// A rule whose expression backtracks on the values of the requests, among rules that do not.
fn site() -> Site {
    let mut rules = String::new();
    for id in 1..=30 {
        writeln!(
            rules,
            r#"SecRule ARGS|REQUEST_HEADERS "@rx (?i)union\s+select{id}" "id:{id},phase:1,pass,log""#
        )
        .unwrap();
    }
    rules.push_str("SecRule ARGS:note \"@rx ^(?:(a+)+)\\1b$\" \"id:100,phase:2,pass,log\"\n");
    Site::with("SecRuleEngine On\nSecPcreMatchLimit 50000\n", &rules)
}

fn bench(site: &Site, requests: &str) -> String {
    site.write("requests.http", requests);
    let file = site.path("requests.http");
    let measured = output(&[
        "bench",
        site.argument(),
        "--requests",
        file.to_str().unwrap(),
        "--rounds",
        "5",
        "--top",
        "3",
    ]);
    let errors = String::from_utf8(measured.stderr).unwrap();
    assert!(measured.status.success(), "{errors}");
    String::from_utf8(measured.stdout).unwrap()
}

/// The first rule of the list, with its visits.
fn dearest(report: &str) -> (&str, &str) {
    let lines = report.lines().skip_while(|line| !line.trim_start().starts_with("rule "));
    let line = lines.skip(1).find(|line| !line.is_empty()).expect("a rule is listed");
    let mut words = line.split_whitespace();
    (words.next().unwrap(), words.next().unwrap())
}

#[test]
fn names_a_planted_slow_rule() {
    let site = site();
    let slow = format!("GET /?note={} HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", "a".repeat(60));
    let report = bench(&site, &slow.repeat(4));
    assert!(report.starts_with("4 requests, 5 rounds, 20 exchanges, screened\n"), "{report}");
    assert_eq!(dearest(&report), ("100", "1.00"), "{report}");
    assert!(report.contains("10-test.conf:31"), "{report}");
}
