//! Requests one after the other, and what rules see of their collections at the end of each.
//!
//! ```text
//! # what the file is about
//! rules
//!     SecAction "id:1,phase:1,nolog,pass,initcol:ip=k1,setvar:ip.n=+1"
//! at 0 /?a=1
//!     IP: __expire_KEY=T+3600 KEY=k1 … n=1          every member in order, times relative to the first request
//! ```
//!
//! The files in `tests/sequences` say what ModSecurity 2.9.7 on Apache showed for these rules at these times. A `~`
//! before a line lifts the order: a member that one request deletes and adds to changes its place there, here it stays.

use std::fmt::Write as _;
use std::path::Path;

use super::{Counted, each_backend, engine};
use portcullis_engine::Record;
use portcullis_state::Limits;

/// The second of the first request.
const EPOCH: i64 = 1_800_000_000;

/// Shows the members of all collections at the end of phase 5.
const PROBES: &str = r#"
SecRule IP:/.*/|SESSION:/.*/|USER:/.*/|RESOURCE:/.*/|GLOBAL:/.*/ "@unconditionalMatch" "id:9990001,phase:5,pass,log,logdata:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
SecRule SESSIONID|USERID "!@streq " "id:9990002,phase:5,pass,log,logdata:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
"#;

struct Sequence {
    rules: String,
    steps: Vec<(i64, String, Vec<String>)>,
}

#[test]
fn collections_live_as_in_modsecurity() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sequences");
    let mut paths: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut played = 0;
    for path in &paths {
        let sequence = read(&std::fs::read_to_string(path).unwrap());
        each_backend(Limits::default(), |store| {
            let found = differences(&sequence, store);
            assert!(found.is_empty(), "{}:\n{found}", path.display());
        });
        played += sequence.steps.len();
    }
    println!("played {played} requests of {} sequences", paths.len());
    assert!(played > 100, "only {played} requests were found");
}

fn read(text: &str) -> Sequence {
    let (mut rules, mut steps) = ("SecRuleEngine On\n".to_owned(), Vec::<(i64, String, Vec<String>)>::new());
    for line in text.lines() {
        match (line.strip_prefix("at "), line.strip_prefix("    "), steps.last_mut()) {
            (Some(step), ..) => {
                let (at, target) = step.split_once(' ').unwrap();
                steps.push((at.parse().unwrap(), target.to_owned(), Vec::new()));
            }
            (_, Some(seen), Some(step)) => step.2.push(seen.to_owned()),
            (_, Some(rule), None) => rules = format!("{rules}{rule}\n"),
            _ => {}
        }
    }
    Sequence { rules: rules + PROBES, steps }
}

fn differences(sequence: &Sequence, store: &dyn Counted) -> String {
    let rules = engine::rule_set(&sequence.rules);
    let mut out = String::new();
    for (number, (at, target, expected)) in sequence.steps.iter().enumerate() {
        let got = seen(&engine::play(&rules, store, target, EPOCH + at));
        let equal = got.len() == expected.len()
            && got.iter().zip(expected).all(|(got, expected)| same(got, expected));
        if !equal {
            let (got, expected) = (got.join("\n    "), expected.join("\n    "));
            let _ = writeln!(
                out,
                "step {number}, at {at} {target}\n  expected\n    {expected}\n  got\n    {got}"
            );
        }
    }
    out
}

fn same(got: &str, expected: &str) -> bool {
    let Some(expected) = expected.strip_prefix('~') else { return got == expected };
    let sorted = |line: &str| {
        let mut words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    sorted(got) == sorted(expected)
}

/// What the probes and the sequence's own rules logged, in the notation of the files.
fn seen(record: &Record) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for alert in &record.alerts {
        let text = String::from_utf8(alert.text.clone()).unwrap();
        let Some(rule) = &alert.rule else {
            lines.push(format!("other {text}"));
            continue;
        };
        let data = text.split_once("[data \"").and_then(|(_, rest)| rest.split_once("\"]"));
        let data = data.map_or("", |(data, _)| data);
        if rule.id < 9_990_000 {
            lines.push(format!("log {} {data}", rule.id).trim_end().to_owned());
            continue;
        }
        let (name, value) = data.split_once('=').unwrap();
        let value = relative(value);
        match (name.split_once(':'), lines.last_mut()) {
            (None, _) => lines.push(format!("{name}={value}")),
            (Some((collection, member)), Some(line)) if line.starts_with(&format!("{collection}:")) => {
                let _ = write!(line, " {member}={value}");
            }
            (Some((collection, member)), _) => lines.push(format!("{collection}: {member}={value}")),
        }
    }
    lines
}

/// A time close to the first request's is shown relative to it.
fn relative(value: &str) -> String {
    match value.parse::<i64>() {
        Ok(time) if (time - EPOCH).abs() < 1_000_000 => format!("T{:+}", time - EPOCH),
        _ => value.to_owned(),
    }
}
