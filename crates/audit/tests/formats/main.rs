//! Every format on the same records, byte for byte against a file in `tests/formats`.
//!
//! `UPDATE_FIXTURES=1 cargo test -p portcullis-audit --test formats` writes the files anew; what changed is reviewed as a
//! difference. The files were compared with what Apache and mod_security2 2.9.7 write for the same exchanges.

#![allow(missing_docs, reason = "helpers of the tests below")]

mod records;

use std::path::Path;

use portcullis_audit::JsonBytes;
use portcullis_audit::formats::access::{self, Access, Outcome, Upstream};
use portcullis_audit::formats::error_log::{self, ErrorLogStyle};
use portcullis_audit::formats::json::RuleDescription;
use portcullis_audit::formats::{AuditStyle, concurrent, guardian, json, json_v3, native};
use portcullis_engine::Record;
use portcullis_engine::record::Pairs;

fn style() -> AuditStyle {
    AuditStyle {
        error_log: ErrorLogStyle { process: 7, thread: 9, ..ErrorLogStyle::default() },
        producer: "Portcullis/x".into(),
        server: "Portcullis/x".into(),
        server_id: "2ce1".into(),
        ..AuditStyle::default()
    }
}

/// Compares with a fixture, or writes it.
#[track_caller]
fn check(name: &str, got: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(name);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    let expected = std::fs::read(&path).unwrap_or_default();
    if got != expected {
        let first =
            got.iter().zip(&expected).position(|(a, b)| a != b).unwrap_or(got.len().min(expected.len()));
        let near = |bytes: &[u8]| {
            let from = first.saturating_sub(60);
            String::from_utf8_lossy(&bytes[from.min(bytes.len())..(first + 60).min(bytes.len())]).into_owned()
        };
        panic!(
            "{name} differs at byte {first}\n  got      {:?}\n  expected {:?}",
            near(got),
            near(&expected)
        );
    }
}

/// All records in one format.
fn all(write: impl Fn(&Record, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    records::all().iter().for_each(|record| write(record, &mut out));
    out
}

fn describe(rule: u32) -> Option<RuleDescription> {
    let first = RuleDescription {
        id: Some(1),
        rev: b"2".to_vec(),
        version: b"v/1".to_vec(),
        severity: Some(2),
        accuracy: Some(8),
        maturity: Some(9),
        phase: 2,
        chained: true,
        chain_starter: true,
        tags: vec![b"a/b".to_vec()],
        operator: b"rx".to_vec(),
        operator_param: b"^\\d".to_vec(),
        target: b"ARGS:a".to_vec(),
        negated: false,
        file: "/etc/rules.conf".into(),
        line: 3,
    };
    let link = RuleDescription {
        phase: 2,
        chained: true,
        operator: b"streq".to_vec(),
        operator_param: b"x".to_vec(),
        target: b"&ARGS".to_vec(),
        negated: true,
        file: "/etc/rules.conf".into(),
        line: 4,
        ..RuleDescription::default()
    };
    [Some(first), Some(link)].into_iter().nth(usize::try_from(rule).ok()?)?
}

#[test]
fn error_log_lines() {
    check("error.log", &all(|record, out| error_log::lines(record, &style().error_log, out)));
    let plain = ErrorLogStyle { second_client_tag: false, referer: false, ..style().error_log };
    check("error_2.9.8.log", &all(|record, out| error_log::lines(record, &plain, out)));
}

#[test]
fn native_entries() {
    check("native.txt", &all(|record, out| native::entry(record, 0x0a1b_2c3d, &style(), out)));
}

#[test]
fn json_entries() {
    check("json.jsonl", &all(|record, out| json::entry(record, &style(), &describe, out)));
    for bytes in [JsonBytes::Latin1, JsonBytes::Reversible] {
        let style = AuditStyle { json_bytes: bytes, ..style() };
        let text = all(|record, out| json::entry(record, &style, &describe, out));
        assert_valid(&text);
    }
}

#[test]
fn json_v3_entries() {
    let text = all(|record, out| json_v3::entry(record, &style(), out));
    assert_valid(&text);
    check("json_v3.jsonl", &text);
}

fn assert_valid(lines: &[u8]) {
    let lines: Vec<_> = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), records::all().len());
    for line in lines {
        serde_json::from_slice::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn concurrent_index_lines() {
    let index = |user| {
        all(|record, out| {
            let entry = concurrent::entry(record, b"the entry\n".to_vec(), 239, user);
            assert!(entry.index.windows(entry.path.len()).any(|part| part == entry.path.as_bytes()));
            out.extend_from_slice(&entry.index);
        })
    };
    check("concurrent.txt", &[index(Some("www-data")), index(Some("../x y")), index(None)].concat());
}

#[test]
fn access_lines() {
    let scores = Pairs::from_iter([("blocking_inbound_anomaly_score", "5")]);
    let none = Pairs::default();
    let plain = records::access(&scores);
    let failed = Access {
        status: None,
        upstream: None,
        outcome: Outcome::Passed,
        rules: Vec::new(),
        scores: &none,
        user_agent: b"",
        referer: b"",
        protocol: b"",
        error: Some("cannot reach 127.0.0.1:9\tconnection refused\n"),
        ..plain.clone()
    };
    let silent =
        Access { upstream: plain.upstream.clone().map(|u| Upstream { status: None, ..u }), ..plain.clone() };
    let lines = |write: fn(&Access<'_>, &mut Vec<u8>)| {
        let mut out = Vec::new();
        [&plain, &failed, &silent].into_iter().for_each(|access| write(access, &mut out));
        out
    };
    check("access.jsonl", &lines(access::json));
    check("access.ltsv", &lines(access::ltsv));
}

#[test]
fn guardian_lines() {
    let mut long = records::all().remove(0);
    long.request.line = [&b"GET /"[..], &[b'"'; 5000], b" HTTP/1.1"].concat();
    long.web_app.1 = b"a\"b".to_vec();
    let outcome = guardian::Outcome { status: 406, body_bytes: 289, duration_micros: 1_500_133 };
    let mut cut = Vec::new();
    guardian::line(&long, outcome, &mut cut);
    assert!((4095..=4096).contains(&cut.len()) && cut.ends_with(b" \"a\\\"b\" 1500133 1 \"-\" 0 L\n"));
    check("guardian.log", &all(|record, out| guardian::line(record, outcome, out)));
}
