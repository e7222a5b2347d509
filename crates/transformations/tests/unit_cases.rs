//! ModSecurity's own unit tests of transformations: the result, and whether a change was reported.
//!
//! The shared collection was extended for version 3, whose answers differ in places; those cases are listed with their
//! reason in the file beside this one. A change is compared for version 2's cases only: version 3 reports none.

use portcullis_testkit::corpus;
use portcullis_testkit::suite::Suite;
use portcullis_testkit::unit_cases::{Escapes, UnitCase, read};
use portcullis_transformations::{Outcome, Tables, find};

#[test]
fn secrules_language_tests() {
    let Some(folder) = corpus::folder("secrules-language-tests") else { return };
    let Some(cases) = read(&folder.join("transformations"), Escapes::Bytes) else { return };
    let mut suite = Suite::new("secrules-language-tests (transformations)", include_str!("shared.skip"));
    for case in cases {
        let (output, _) = apply(&case);
        suite.case(&case.id, &case.place, equal(&output, &case.output));
    }
    suite.finish();
}

#[test]
fn modsecurity_v2_unit() {
    let Some(folder) = corpus::folder("modsecurity-v2") else { return };
    let Some(cases) = read(&folder.join("unit/tfn"), Escapes::None) else { return };
    let mut suite = Suite::new("modsecurity-v2/unit (tfn)", "");
    for case in cases {
        let (output, changed) = apply(&case);
        let reported = if changed == case.ret { Ok(()) } else { Err(format!("changed: {changed}")) };
        suite.case(&case.id, &case.place, equal(&output, &case.output).and(reported));
    }
    suite.finish();
}

fn apply(case: &UnitCase) -> (Vec<u8>, bool) {
    // One file writes `cmd_line`.
    let name = case.name.replace('_', "");
    let transformation = find(name.as_bytes()).unwrap_or_else(|| panic!("no transformation {name}"));
    let mut out = Vec::new();
    match (transformation.apply)(&case.input, &Tables::default(), &mut out) {
        Outcome::Unchanged => (case.input.clone(), false),
        Outcome::Changed => (out, true),
        Outcome::Quiet => (out, false),
    }
}

fn equal(output: &[u8], expected: &[u8]) -> Result<(), String> {
    if output == expected {
        return Ok(());
    }
    Err(format!("`{}` should be `{}`", output.escape_ascii(), expected.escape_ascii()))
}
