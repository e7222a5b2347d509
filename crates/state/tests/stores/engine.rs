//! A driver of the engine without a proxy: one request after the other on a rule set and a store.

use std::path::Path;
use std::sync::Arc;

use portcullis_engine::{
    Answer, Compatibility, Environment, Need, Phase, Record, RequestLine, RuleSet, Start, Step, Transaction,
    compile,
};
use portcullis_seclang::{Sources, Style, parse_file, render};

use super::{Counted, now};

/// Compiles rules; a test's rules have no errors.
pub fn rule_set(text: &str) -> Arc<RuleSet> {
    let (mut sources, mut findings) = (Sources::default(), Vec::new());
    let file = sources.add("test.conf".into(), text.as_bytes().to_vec());
    let items = parse_file(&sources, file, &mut findings);
    let read_file = |_: &Path| Err("no data files".to_owned());
    let environment = Environment {
        read_file: &read_file,
        variables: &[],
        secret: [0; 32],
        compatibility: Compatibility::default(),
    };
    let (rules, more) = compile(&items, &sources, &environment);
    findings.extend(more);
    Arc::new(rules.unwrap_or_else(|| panic!("{}", render(&findings, &sources, Style::default()))))
}

/// Plays a GET request at a time and stores what it changed.
pub fn play(rules: &Arc<RuleSet>, store: &dyn Counted, target: &str, at_seconds: i64) -> Record {
    let start =
        Start { unique_id: "id".to_owned(), wall_micros: at_seconds * 1_000_000, utc_offset_seconds: 0 };
    let mut transaction = Transaction::new(Arc::clone(rules), start);
    transaction.connection(([192, 0, 2, 7], 1000).into(), ([127, 0, 0, 1], 80).into());
    let raw = format!("GET {target} HTTP/1.1");
    transaction.request_line(RequestLine {
        raw: raw.as_bytes(),
        method: b"GET",
        target: target.as_bytes(),
        protocol: b"HTTP/1.1",
    });
    transaction.request_header(b"Host", b"localhost");
    for phase in Phase::ALL {
        if phase == Phase::ResponseHeaders {
            transaction.response_head(b"HTTP/1.1", 200, b"OK");
        }
        run(&mut transaction, store, phase, at_seconds);
    }
    for update in transaction.collection_updates() {
        now(store.apply(&update, at_seconds)).unwrap();
    }
    transaction.finish()
}

fn run(transaction: &mut Transaction, store: &dyn Counted, phase: Phase, at_seconds: i64) {
    while let Step::Need(need) = transaction.run(phase, 0) {
        let Need::Collection { collection, key } = need else { panic!("{need:?}") };
        let stored = now(store.load(&collection, &key, at_seconds)).unwrap();
        transaction.provide(Answer::Collection(stored));
    }
}
