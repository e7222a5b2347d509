//! `SecRuleUpdate…` and `SecRuleRemove…`: what they select, behind and before the rules.

use super::Site;

#[test]
fn an_update_before_its_rule_waits_for_it() {
    let site = Site::new(
        r#"
        SecRuleUpdateTargetById 1 "!ARGS:a"
        SecRuleUpdateActionById 2 "pass"
        SecRule ARGS "@rx x" "id:1,deny"
        SecRule ARGS "@rx x" "id:2,deny"
        "#,
    );
    assert_eq!(site.get("/?a=x").ids(), [2]);
    assert_eq!(site.get("/?b=x").ids(), [1]);
}

#[test]
fn an_update_behind_a_rule_acts_on_that_one_alone() {
    let site = Site::new(
        r#"
        SecRule ARGS "@rx x" "id:1,pass,tag:t"
        SecRuleUpdateTargetByTag t "!ARGS:a"
        SecRule ARGS "@rx x" "id:2,pass,tag:t"
        "#,
    );
    assert_eq!(site.get("/?a=x").ids(), [2]);
}

#[test]
fn a_removal_acts_on_what_stands_before_it() {
    let site = Site::new(
        r#"
        SecRuleRemoveById 1 2
        SecRule ARGS "@rx x" "id:1,pass"
        SecRule ARGS "@rx x" "id:2,pass"
        SecRuleRemoveById 2
        "#,
    );
    assert_eq!(site.get("/?a=x").ids(), [1]);
}
