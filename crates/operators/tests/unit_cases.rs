//! ModSecurity's own unit tests of operators: an argument, a value and whether it matches.
//!
//! Two collections hold nearly the same cases with different escapes. Operators that need the outside world are asked
//! through an engine whose driver has nothing to offer.

use std::path::Path;
use std::sync::Arc;

use portcullis_engine::{Answer, Compatibility, Phase, Start, Step, Transaction, Verdict};
use portcullis_operators::{Environment, Hit, Kind, find};
use portcullis_testkit::corpus;
use portcullis_testkit::rules::Source;
use portcullis_testkit::suite::Suite;
use portcullis_testkit::unit_cases::{Escapes, UnitCase, read};

#[test]
fn secrules_language_tests() {
    let Some(folder) = corpus::folder("secrules-language-tests") else { return };
    let Some(cases) = read(&folder.join("operators"), Escapes::Bytes) else { return };
    run(Suite::new("secrules-language-tests (operators)", include_str!("shared.skip")), &cases);
}

#[test]
fn modsecurity_v2_unit() {
    let Some(folder) = corpus::folder("modsecurity-v2") else { return };
    let Some(cases) = read(&folder.join("unit/op"), Escapes::None) else { return };
    run(Suite::new("modsecurity-v2/unit (op)", include_str!("version_2.skip")), &cases);
}

fn run(mut suite: Suite, cases: &[UnitCase]) {
    for case in cases {
        suite.case(&case.id, &case.place, judge(case));
    }
    suite.finish();
}

/// Why a case fails.
fn judge(case: &UnitCase) -> Result<(), String> {
    let name = &case.name;
    let operator = find(name).ok_or_else(|| format!("no operator {name}"))?;
    let environment = Environment { read_file: &read_file, match_limit: 1500, has_macros: false };
    let found = match operator.kind {
        Kind::Pure(compile) => {
            compile(&case.argument, &environment).map_err(|error| error.message).and_then(|test| {
                let found = test.test(&case.input, &case.argument, true, &mut Hit::default());
                found.map_err(|failure| format!("{failure:?}"))
            })
        }
        Kind::Dataset(_) | Kind::External(_) => matches_alone(case),
    };
    let (argument, input) = (case.argument.escape_ascii(), case.input.escape_ascii());
    match found {
        Ok(matches) if matches == case.ret => Ok(()),
        other => Err(format!("`@{name} {argument}` on `{input}`: {other:?}")),
    }
}

/// The files that arguments name; some name a folder that only upstream has.
fn read_file(name: &str) -> Result<Vec<u8>, String> {
    let file = Path::new(name).file_name().and_then(|name| name.to_str()).ok_or("no file name")?;
    let places = [("secrules-language-tests", "operators/op"), ("modsecurity-v2", "unit/op")];
    let found =
        places.iter().find_map(|(corpus, folder)| corpus::fixture(corpus, &format!("{folder}/{file}")));
    std::fs::read(found.ok_or_else(|| format!("no fixture {file}"))?).map_err(|error| error.to_string())
}

/// Whether a rule with this operator matches in an engine that can ask nobody.
fn matches_alone(case: &UnitCase) -> Result<bool, String> {
    let argument = String::from_utf8_lossy(&case.argument);
    let rule = format!(
        "SecRuleEngine On\nSecRule REQUEST_HEADERS \"@{} {argument}\" \"id:1,phase:1,deny\"",
        case.name
    );
    let rules = Source::new().text("rules.conf", rule).compile(Compatibility::default())?;
    let start = Start { unique_id: String::new(), wall_micros: 0, utc_offset_seconds: 0 };
    let mut transaction = Transaction::new(Arc::new(rules), start);
    transaction.request_header(b"Value", &case.input);
    loop {
        match transaction.run(Phase::RequestHeaders, 0) {
            Step::Done(verdict) => return Ok(verdict != Verdict::Pass),
            Step::Need(_) => transaction.provide(Answer::Failed("nothing is there".to_owned())),
        }
    }
}
