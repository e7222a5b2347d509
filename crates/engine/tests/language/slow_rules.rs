//! `SecRulePerfTime`: rules and chains by the time they took.

use super::Site;

const RULES: &str = "\
SecRule ARGS x \"id:1,phase:1,pass,nolog\"
SecRule ARGS x \"id:2,phase:1,pass,nolog,chain\"
SecRule ARGS y
SecRule PERF_RULES @unconditionalMatch \"id:3,phase:5,pass,logdata:'%{MATCHED_VAR_NAME}'\"
SecRule PERF_RULES:2 \"@ge 10\" \"id:4,phase:5,pass,logdata:'%{MATCHED_VAR_NAME}'\"
";

/// The clock moves by five microseconds for the rule and for each link, and it may move for tests beside this one.
#[test]
fn names_what_takes_long() {
    let outcome = Site::new(&format!("SecRulePerfTime 5\n{RULES}")).get("/?a=x");
    assert_eq!(outcome.ids(), [3, 3, 4]);
    let slow: Vec<u64> = outcome.record.slow_rules.iter().map(|(id, _)| *id).collect();
    assert_eq!(slow, [1, 2, 3, 4]);
    assert!(outcome.record.slow_rules.iter().all(|(_, micros)| *micros >= 5));
}

#[test]
fn names_nothing_that_is_faster() {
    let outcome = Site::new(&format!("SecRulePerfTime 4000000000\n{RULES}")).get("/?a=x");
    assert!(outcome.ids().is_empty());
    assert!(outcome.record.slow_rules.is_empty());
}

#[test]
fn times_nothing_unasked() {
    let outcome = Site::new(RULES).get("/?a=x");
    assert!(outcome.ids().is_empty());
    assert!(outcome.record.slow_rules.is_empty());
}
