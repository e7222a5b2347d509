//! Expectations against what happened.
//!
//! `expect_ids: [942100]` and a log with rule 949110 alone → `rule 942100 did not match (matched: 949110)`. All
//! failures of a stage are listed, not the first. An error instead of an answer ends a stage well when the test
//! expects one, and nothing else of that stage is then looked at, as in the reference runner.

use super::case::Expectations;
use super::log_file::{contains, rule_ids};
use super::response::Response;

/// What a stage caused.
#[derive(Debug)]
pub struct Observed {
    /// The answer, or why there is none.
    pub response: Result<Response, String>,
    /// The log lines of the stage.
    pub log: Vec<Vec<u8>>,
}

/// Every expectation that was not met, as a sentence.
pub fn failures(expect: &Expectations, observed: &Observed) -> Vec<String> {
    let response = match &observed.response {
        Ok(response) => response,
        Err(_) if expect.expect_error => return Vec::new(),
        Err(error) => return vec![error.clone()],
    };
    if expect.is_empty() {
        return vec!["the stage expects nothing, so it could not fail".to_owned()];
    }
    let mut failures = Vec::new();
    if !expect.status.is_empty() && !expect.status.contains(&u64::from(response.status)) {
        failures.push(format!("status {} instead of {}", response.status, list(&expect.status)));
    }
    if let Some(piece) = &expect.response_contains
        && !contains(&response.raw, piece.as_bytes())
    {
        failures.push(format!("the response does not contain {piece:?}"));
    }
    log_failures(expect, &observed.log, &mut failures);
    failures
}

fn log_failures(expect: &Expectations, log: &[Vec<u8>], failures: &mut Vec<String>) {
    let matched = rule_ids(log);
    let missing: Vec<u64> = expect.expect_ids.iter().copied().filter(|id| !matched.contains(id)).collect();
    if !missing.is_empty() {
        failures.push(format!("rule {} did not match (matched: {})", list(&missing), list(&matched)));
    }
    let unwanted: Vec<u64> = expect.no_expect_ids.iter().copied().filter(|id| matched.contains(id)).collect();
    if !unwanted.is_empty() {
        failures.push(format!("rule {} matched", list(&unwanted)));
    }
    if expect.isolated {
        let others: Vec<u64> = matched.iter().copied().filter(|id| !expect.expect_ids.contains(id)).collect();
        if !others.is_empty() {
            failures.push(format!("rule {} matched in an isolated test", list(&others)));
        }
    }
    for pattern in &expect.match_regex {
        if !log.iter().any(|line| pattern.is_match(line)) {
            failures.push(format!(
                "no log line matches {:?} (matched: {})",
                pattern.as_str(),
                list(&matched)
            ));
        }
    }
    for pattern in &expect.no_match_regex {
        if let Some(line) = log.iter().find(|line| pattern.is_match(line)) {
            let line = String::from_utf8_lossy(line);
            failures.push(format!("a log line matches {:?}: {line}", pattern.as_str()));
        }
    }
}

fn list(ids: &[u64]) -> String {
    match ids {
        [] => "none".to_owned(),
        ids => ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}
