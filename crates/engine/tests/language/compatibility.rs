//! Decisions that a site may make otherwise, and spellings of version 3 that are taken as well.

use portcullis_engine::Compatibility;

use super::Site;

const TWO_LISTS: &str = r#"
    SecDefaultAction "phase:1,pass,log"
    SecDefaultAction "phase:2,deny,status:406"
    SecRule ARGS "@rx x" "id:1,phase:1,block"
    SecRule ARGS "@rx x" "id:2,phase:2,block"
"#;

#[test]
fn the_latest_default_list_counts_for_every_phase() {
    let outcome = Site::new(TWO_LISTS).get("/?a=x");
    assert!(outcome.denied(406));
    assert_eq!(outcome.ids(), [1]);
}

#[test]
fn a_site_may_want_a_default_list_per_phase() {
    let decisions = Compatibility { default_actions_per_phase: true, ..Compatibility::default() };
    let outcome = Site::new(TWO_LISTS).deciding(decisions).get("/?a=x");
    assert!(outcome.denied(406));
    assert_eq!(outcome.ids(), [1, 2]);
}

#[test]
fn metadata_on_a_chain_link_is_an_error_unless_a_site_is_lenient() {
    let rules = r#"
        SecRule ARGS "@rx x" "id:1,pass,chain"
        SecRule ARGS "@rx y" "id:2,msg:'m',severity:3"
    "#;
    let errors = Site::new(rules).compile().unwrap_err();
    assert!(errors.contains("has no place on a chain link"), "{errors}");
    let decisions = Compatibility { lenient_chain_links: true, ..Compatibility::default() };
    assert_eq!(Site::new(rules).deciding(decisions).get("/?a=xy").ids(), [1]);
}

#[test]
fn a_target_may_name_its_member_behind_a_dot() {
    let site = Site::new(
        r#"
        SecAction "id:1,phase:1,nolog,pass,setvar:tx.part=yes"
        SecRule TX.part|ARGS.a "@streq yes" "id:2,pass"
        SecRule &ENV "@eq 0" "id:3,pass"
        SecRule RULE:/^ID$/ "@streq 4" "id:4,pass"
        "#,
    );
    assert_eq!(site.get("/?a=yes").ids(), [2, 2, 3, 4]);
}
