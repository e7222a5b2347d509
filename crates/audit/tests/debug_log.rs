//! The debug log of a small exchange, line by line: what each level adds.

use std::sync::Arc;

use portcullis_audit::formats::debug_log;
use portcullis_engine::{Compatibility, Phase, RequestLine, RuleSet, Start, Transaction};
use portcullis_testkit::rules::Source;

/// The lines at a level, from behind the request's id.
fn lines(level: u8, rules: &str) -> Vec<String> {
    let settings = format!("SecRuleEngine On\nSecDebugLog debug.log\nSecDebugLogLevel {level}\n");
    let source = Source::new().text("settings.conf", settings).text("rules.conf", rules);
    let rules: Arc<RuleSet> = Arc::new(source.compile(Compatibility::default()).unwrap());
    let start =
        Start { unique_id: "id".to_owned(), wall_micros: 1_795_544_477_428_453, utc_offset_seconds: 0 };
    let mut transaction = Transaction::new(Arc::clone(&rules), start);
    let line = RequestLine {
        raw: b"GET /x?a=%20Ab&b HTTP/1.1",
        method: b"GET",
        target: b"/x?a=%20Ab&b",
        protocol: b"HTTP/1.1",
    };
    transaction.request_line(line);
    transaction.request_header(b"Host", b"localhost");
    transaction.request_header(b"Cookie", b"c=1");
    let _ = transaction.run(Phase::RequestHeaders, 0);
    let mut out = Vec::new();
    debug_log::lines(&transaction.finish(), &rules, 0x1f, &mut out);
    let text = String::from_utf8(out).unwrap();
    let prefix = "[24/Nov/2026:18:21:17.428453 +0000] [localhost/sid#1f][rid#";
    let rest = |line: &str| {
        let line = line.strip_prefix(prefix).unwrap_or_else(|| panic!("{line}"));
        line.split_once(']').unwrap().1.to_owned()
    };
    text.lines().map(rest).collect()
}

const RULES: &str = r#"
SecRule ARGS "@rx ^(a)" "id:1,phase:1,deny,capture,t:trim,t:lowercase,setvar:tx.n=+2,chain"
SecRule TX:n "@ge %{tx.1}2" "setvar:tx.x=%{tx.n}"
"#;

#[test]
fn every_step_at_level_9() {
    let expected = r#"
[/x][5] Adding request cookie: name "c", value "1"
[/x][5] Adding request argument (QUERY_STRING): name "a", value " Ab"
[/x][5] Adding request argument (QUERY_STRING): name "b", value ""
[/x][4] Starting phase REQUEST_HEADERS.
[/x][9] This phase consists of 2 rule(s).
[/x][4] Recipe: Invoking rule 0; [file "rules.conf"] [line "2"] [id "1"].
[/x][5] Rule 0: SecRule "ARGS" "@rx ^(a)" "phase:1,log,auditlog,id:1,deny,capture,t:trim,t:lowercase,setvar:tx.n=+2,chain"
[/x][4] Expanded "ARGS" to "ARGS:a|ARGS:b".
[/x][9] T (0) trim: "Ab"
[/x][9] T (0) lowercase: "ab"
[/x][4] Executing operator "rx" with param "^(a)" against ARGS:a.
[/x][9] Target value: "ab"
[/x][9] Added regex subexpression to TX.0: a
[/x][9] Added regex subexpression to TX.1: a
[/x][9] Set variable "tx.n" to "2".
[/x][9] T (0) trim: ""
[/x][9] T (0) lowercase: ""
[/x][4] Executing operator "rx" with param "^(a)" against ARGS:b.
[/x][9] Target value: ""
[/x][4] Rule returned 1.
[/x][9] Match -> mode NEXT_RULE.
[/x][4] Recipe: Invoking rule 1; [file "rules.conf"] [line "3"].
[/x][5] Rule 1: SecRule "TX:n" "@ge %{tx.1}2" "setvar:tx.x=%{tx.n}"
[/x][9] Resolved macro %{TX.1} to: a
[/x][4] Executing operator "ge" with param "a2" against TX:n.
[/x][9] Target value: "2"
[/x][9] Resolved macro %{TX.n} to: 2
[/x][9] Set variable "tx.x" to "2".
[/x][1] Access denied with code 403 (phase 1). Operator GE matched 0 at TX:n. [file "rules.conf"] [line "2"] [id "1"]
[/x][4] Rule returned 1.
[/x][9] Match, intercepted -> returning.
"#;
    assert_eq!(lines(9, RULES).join("\n"), expected.trim());
}

#[test]
fn lower_levels_say_less() {
    let at = |level| lines(level, RULES);
    assert_eq!((at(0).len(), at(1).len(), at(3).len()), (0, 1, 1));
    assert!(at(9).contains(&at(1)[0]), "{:?}", at(1));
    assert!(at(4).iter().all(|line| line.contains("][4] ") || line.contains("][1] ")));
    // Arguments, the cookie and the texts of the rules.
    assert_eq!(at(4).len() + 5, at(5).len());
}
