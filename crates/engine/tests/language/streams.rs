//! Stream variables and `@rsub`.

use super::Site;

const FORM: &[(&str, &str)] = &[("Content-Type", "application/x-www-form-urlencoded")];

#[test]
fn later_rules_see_what_earlier_ones_have_rewritten() {
    let rules = r#"
        SecStreamInBodyInspection On
        SecAction "id:1,phase:1,nolog,pass,setvar:tx.old=a.b,setvar:tx.new=Z"
        SecRule STREAM_INPUT_BODY "@contains a.b" "id:2,phase:2,pass"
        SecRule STREAM_INPUT_BODY "@rsub s/%{tx.old}/%{tx.new}/d" "id:3,phase:2,pass"
        SecRule STREAM_INPUT_BODY "@streq x=axb&y=Z" "id:4,phase:2,pass"
        SecRule REQUEST_BODY|ARGS:y "@contains a.b" "id:5,phase:2,pass"
        SecRule STREAM_INPUT_BODY "@unconditionalMatch" "id:6,phase:5,pass"
    "#;
    let outcome = Site::new(rules).ask("POST", "/", FORM, b"x=axb&y=a.b");
    assert_eq!(outcome.ids(), [2, 3, 4, 5, 5]);
    let said = String::from_utf8_lossy(&outcome.record.alerts[1].text).into_owned();
    assert!(said.starts_with("Warning. Operator rsub succeeded."), "{said}");
}

#[test]
fn there_is_no_stream_unless_asked_for() {
    let rule = r#"SecRule STREAM_INPUT_BODY "@unconditionalMatch" "id:1,phase:2,pass""#;
    assert!(Site::new(rule).ask("POST", "/", FORM, b"a=1").ids().is_empty());
    let on = format!("SecStreamInBodyInspection On\n{rule}");
    assert_eq!(Site::new(&on).ask("POST", "/", FORM, b"a=1").ids(), [1]);
    assert!(Site::new(&on).get("/").ids().is_empty());
}

#[test]
fn another_variable_cannot_be_rewritten() {
    let outcome = Site::new(r#"SecRule ARGS "@rsub s/a/b/" "id:1,phase:2,pass,log""#).get("/?a=a");
    assert!(outcome.ids().is_empty());
    let said = String::from_utf8_lossy(&outcome.record.alerts[0].text).into_owned();
    assert_eq!(said, "Rule processing failed (id=1, msg=).");
}
