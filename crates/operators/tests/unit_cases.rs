//! ModSecurity's own unit tests of operators: an argument, a value and whether it matches.
//!
//! Two collections hold nearly the same cases with different escapes. Operators that need the outside world are tested
//! where the engine runs them.

use std::path::Path;

use portcullis_operators::{Environment, Hit, Kind, find};
use portcullis_testkit::corpus;
use portcullis_testkit::suite::Suite;
use portcullis_testkit::unit_cases::{Escapes, UnitCase, read};

#[test]
fn secrules_language_tests() {
    let Some(shared) = corpus::folder("secrules-language-tests") else { return };
    let cases = read(&shared.join("operators"), Escapes::Bytes);
    run("secrules-language-tests (operators)", include_str!("shared.skip"), &cases);
}

#[test]
fn modsecurity_v2_unit() {
    let Some(folder) = corpus::folder("modsecurity-v2") else { return };
    let cases = read(&folder.join("unit/op"), Escapes::None);
    run("modsecurity-v2 (unit/op)", include_str!("version_2.skip"), &cases);
}

fn run(name: &str, skips: &str, cases: &[UnitCase]) {
    // Both collections name files that only one of them holds.
    let Some(folder) = corpus::folder("modsecurity-v2") else { return };
    let mut suite = Suite::new(name, skips);
    for case in cases {
        if let Some(outcome) = answer(case, &folder.join("unit/op")) {
            suite.case(&case.id, &case.place, outcome);
        }
    }
    suite.finish();
}

/// Why a case fails; `None` for an operator that needs the outside world.
fn answer(case: &UnitCase, data: &Path) -> Option<Result<(), String>> {
    let name = &case.name;
    let operator = find(name).unwrap_or_else(|| panic!("no operator {name}"));
    let Kind::Pure(compile) = operator.kind else { return None };
    let read_file = |name: &str| {
        let file = Path::new(name).file_name().ok_or("no file name")?;
        std::fs::read(data.join(file)).map_err(|error| error.to_string())
    };
    let environment = Environment { read_file: &read_file, match_limit: 1500, has_macros: false };
    let found = compile(&case.argument, &environment).map_err(|error| error.message).and_then(|test| {
        let found = test.test(&case.input, &case.argument, true, &mut Hit::default());
        found.map_err(|failure| format!("{failure:?}"))
    });
    let (argument, input) = (case.argument.escape_ascii(), case.input.escape_ascii());
    Some(match found {
        Ok(matches) if matches == case.ret => Ok(()),
        other => Err(format!("`@{name} {argument}` on `{input}`: {other:?}")),
    })
}
