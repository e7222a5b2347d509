//! The runner end to end against a small engine of its own: YAML in, verdicts out.

use super::*;
use std::cell::RefCell;

/// Answers 403 and logs `[id "7"]` when the request holds `attack`; else what the origin says. `/login` sets a cookie
/// and redirects.
#[derive(Default)]
struct Toy {
    seen: RefCell<Vec<String>>,
}

impl InProcess for Toy {
    fn run(&mut self, request: &[u8], origin: &dyn Fn(&Asked<'_>) -> Answer) -> Result<Outcome> {
        let text = String::from_utf8_lossy(request).into_owned();
        self.seen.borrow_mut().push(text.clone());
        let target = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        if text.starts_with("SILENCE") {
            return Ok(Outcome::default());
        }
        if text.contains("attack") {
            let response = Some(Answer { status: 403, ..Answer::default() });
            return Ok(Outcome { response, log: vec![b"x [id \"7\"] [msg \"bad\"]".to_vec()] });
        }
        let method = text.split(' ').next().unwrap_or_default().as_bytes();
        let mut answer = origin(&Asked { method, target: target.as_bytes(), body: body.as_bytes() });
        if target == "/login" {
            answer.status = 302;
            answer.headers.push(("Set-Cookie".to_owned(), "s=1; Path=/".to_owned()));
            answer.headers.push(("Location".to_owned(), "http://elsewhere/home?x#y".to_owned()));
        }
        Ok(Outcome { response: Some(answer), log: Vec::new() })
    }
}

fn cases(stages: &str) -> Result<Vec<Case>> {
    load::parse(&format!("rule_id: 7\ntests:\n  - test_id: 1\n    stages:\n{stages}"), Path::new("7.yaml"))
}

fn verdict(stages: &str) -> runner::Verdict {
    let case = cases(stages).unwrap().remove(0);
    let mut toy = Toy::default();
    runner::play(&case, &mut Driver::InProcess(&mut toy), &BTreeMap::new()).unwrap()
}

fn reasons(stages: &str) -> String {
    match verdict(stages) {
        runner::Verdict::Failed(reasons) => reasons.join("; "),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn passes(stages: &str) {
    assert_eq!(verdict(stages), runner::Verdict::Passed);
}

#[test]
fn every_expectation_can_pass() {
    passes(
        "      - {input: {uri: /attack}, output: {status: 403, log: {expect_ids: [7], no_expect_ids: [8]}}}",
    );
    passes(
        "      - {input: {uri: /attack}, output: {status: [400, 403], isolated: true, log: {expect_ids: 7}}}",
    );
    passes(
        "      - stage: {input: {uri: /attack}, output: {log_contains: 'id \"7\"', no_log_contains: 'id \"8\"'}}",
    );
    passes("      - {input: {uri: /}, output: {log: {no_match_regex: 'id', no_expect_ids: [7]}}}");
    passes(
        "      - {input: {uri: /, response: {status: 418, body: tea}}, output: {status: 418, response_contains: tea}}",
    );
    passes("      - {input: {method: SILENCE}, output: {expect_error: true, status: 200}}");
    passes(
        "      - {input: {encoded_request: R0VUIC9hdHRhY2sgSFRUUC8xLjENCg0K}, output: {log: {match_regex: 'id .7'}}}",
    );
}

#[test]
fn every_expectation_can_fail() {
    let attack = |output: &str| reasons(&format!("      - {{input: {{uri: /attack}}, output: {output}}}"));
    assert_eq!(attack("{status: 200}"), "status 403 instead of 200");
    assert_eq!(attack("{log: {expect_ids: [8, 7]}}"), "rule 8 did not match (matched: 7)");
    assert_eq!(attack("{log: {no_expect_ids: [7]}}"), "rule 7 matched");
    assert_eq!(attack("{isolated: true, log: {expect_ids: []}}"), "rule 7 matched in an isolated test");
    assert_eq!(attack("{log: {match_regex: 'id .8'}}"), "no log line matches \"id .8\" (matched: 7)");
    assert!(attack("{log: {no_match_regex: 'id .7'}}").starts_with("a log line matches \"id .7\": x [id"));
    assert_eq!(attack("{response_contains: tea}"), "the response does not contain \"tea\"");
    assert_eq!(attack("{}"), "the stage expects nothing, so it could not fail");
    let silence = "      - {input: {method: SILENCE}, output: {log: {no_expect_ids: [7]}}}";
    assert_eq!(reasons(silence), "the connection was closed without an answer");
}

#[test]
fn cookies_and_redirects_go_from_stage_to_stage() {
    let stages = "      - {input: {uri: /login, save_cookie: true}, output: {status: 302}}
      - {input: {follow_redirect: true, save_cookie: true, headers: {Host: x}}, output: {status: 200}}
      - {input: {uris: [/a, /b], headers: [{name: X, value: 1}, {name: X, value: 2}]}, output: {status: 200}}";
    let case = cases(stages).unwrap().remove(0);
    let mut toy = Toy::default();
    let verdict = runner::play(&case, &mut Driver::InProcess(&mut toy), &BTreeMap::new()).unwrap();
    assert_eq!(verdict, runner::Verdict::Passed);
    let seen = toy.seen.into_inner();
    assert_eq!(seen[1], "GET /home?x HTTP/1.1\r\nHost: x\r\nCookie: s=1\r\nConnection: close\r\n\r\n");
    assert_eq!(seen[2], "GET /a HTTP/1.1\r\nX: 1\r\nX: 2\r\nConnection: close\r\n\r\n");
    assert_eq!(seen.len(), 4);
    let lost = "      - {input: {uri: /}, output: {status: 200}}\n      - {input: {follow_redirect: true}, output: {status: 200}}";
    assert_eq!(reasons(lost), "stage 2: follow_redirect, but the stage before was answered 200");
}

#[test]
fn overrides_replace_expectations() {
    let mut all = cases("      - {input: {uri: /attack}, output: {status: 200}}").unwrap();
    let text = "test_overrides:\n  - {rule_id: 7, test_ids: [1], reason: r, output: {status: 403}}\n  - {rule_id: 8}";
    assert_eq!(load::apply_overrides(text, &mut all).unwrap(), 1);
    assert_eq!(all[0].stages[0].expect.status, [403]);
}

#[test]
fn a_listed_case_must_still_fail() {
    let skips = BTreeMap::from([("7-1".to_owned(), "reason".to_owned())]);
    let play = |status: u16| {
        let case = cases(&format!("      - {{input: {{uri: /attack}}, output: {{status: {status}}}}}"))
            .unwrap()
            .remove(0);
        runner::play(&case, &mut Driver::InProcess(&mut Toy::default()), &skips).unwrap()
    };
    assert_eq!(play(200), runner::Verdict::Skipped("reason".to_owned()));
    assert!(matches!(play(403), runner::Verdict::Failed(_)));
}

#[test]
fn what_is_misspelt_or_contradictory_is_refused() {
    for stages in [
        "      - {input: {uri: /}, output: {expect_id: [1]}}",
        "      - {input: {uri: /, url: /}, output: {status: 200}}",
        "      - {input: {data: a, encoded_request: YQ==}, output: {status: 200}}",
        "      - {input: {encoded_request: '*'}, output: {status: 200}}",
        "      - {input: {protocol: https}, output: {status: 200}}",
        "      - {input: {uri: /}, output: {log: {match_regex: '('}}}",
        "      - {output: {status: 200}}",
    ] {
        assert!(cases(stages).is_err(), "{stages}");
    }
    assert!(load::parse("", Path::new("x.yaml")).unwrap().is_empty());
    assert!(load::parse("tests: [{stages: [{input: {}}]}]", Path::new("x.yaml")).is_err());
}

#[test]
fn ids_of_both_layouts() {
    let old = "meta: {name: a}\ntests:\n  - test_title: 911100-4\n    stages: [{stage: {input: {}, output: {status: 200}}}]";
    let cases = load::parse(old, Path::new("911100.yaml")).unwrap();
    assert_eq!((cases[0].id.as_str(), cases[0].rule_id, cases[0].test_id), ("911100-4", 911100, 4));
    let new = "tests:\n  - stages: [{input: {}, output: {status: 200}}]";
    assert_eq!(load::parse(new, Path::new("911100.yaml")).unwrap()[0].id, "911100-1");
}
