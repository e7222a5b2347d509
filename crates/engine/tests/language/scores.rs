//! What a record keeps of TX: the scores of the common rule sets.

use super::Site;

fn scores(rules: &str, target: &str) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let record = Site::new(rules).get(target).record;
    record.scores.iter().map(|(name, value)| (text(name), text(value))).collect()
}

#[test]
fn scores_are_kept_in_one_order_and_under_one_spelling() {
    let rules = "\
SecAction \"id:1,phase:1,pass,nolog,setvar:tx.Anomaly_Score=7,setvar:tx.other=1\"
SecAction \"id:2,phase:1,pass,nolog,setvar:tx.blocking_inbound_anomaly_score=+3,setvar:tx.request_score=9\"
SecAction \"id:3,phase:2,pass,nolog,setvar:!tx.request_score\"
";
    let expected = [("blocking_inbound_anomaly_score", "3"), ("anomaly_score", "7")];
    assert_eq!(scores(rules, "/"), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn a_score_may_be_named_by_the_request() {
    let rules =
        "SecRule ARGS_NAMES \"@rx (?i)score\" \"id:1,phase:1,pass,nolog,setvar:tx.%{MATCHED_VAR}=5\"\n";
    assert_eq!(
        scores(rules, "/?Outbound_anomaly_SCORE=1&a_score=2"),
        [("outbound_anomaly_score".to_owned(), "5".to_owned())]
    );
    assert!(scores(rules, "/?a=1").is_empty());
}
