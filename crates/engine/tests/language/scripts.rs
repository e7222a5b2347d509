//! Lua scripts as rules, as operators and as actions.

use portcullis_engine::Verdict;

use super::Site;

/// The messages of what logged.
fn messages(outcome: &super::site::Outcome) -> Vec<String> {
    outcome.record.alerts.iter().map(|alert| String::from_utf8_lossy(&alert.text).into_owned()).collect()
}

#[test]
fn what_a_script_returns_is_the_message_of_its_rule() {
    let script = r#"
        function main()
            for _, arg in ipairs(m.getvars("ARGS", {"lowercase", "trim"})) do
                if arg.value == "nikto" then return "found in " .. arg.name end
            end
        end
    "#;
    let site = Site::new(r#"SecRuleScript scan.lua "id:7,phase:2,deny,status:418""#).file("scan.lua", script);
    let outcome = site.get("/?a=b&c=+NIKTO");
    assert_eq!(outcome.verdict, Verdict::Deny { status: 418 });
    let said = messages(&outcome);
    assert!(said[0].contains("found in ARGS:c"), "{said:?}");
    assert_eq!(site.get("/?a=b").verdict, Verdict::Pass);
}

#[test]
fn a_script_sets_what_later_rules_see() {
    let script = r#"
        function main()
            m.setvar("tx.seen", m.getvar("ARGS.a"))
            m.setvar("tx.missing", m.getvar("ARGS.none") or "nothing")
            m.log(1, "agent: " .. m.getvar("REQUEST_HEADERS.User-Agent", "uppercase"))
        end
    "#;
    let rules = r#"
        SecAction "id:1,phase:1,nolog,pass,exec:note.lua"
        SecRule TX:seen "@streq x" "id:2,pass"
        SecRule TX:missing "@streq nothing" "id:3,pass"
    "#;
    let outcome =
        Site::new(rules).file("note.lua", script).ask("GET", "/?a=x", &[("User-Agent", "curl")], b"");
    assert_eq!(outcome.ids(), [2, 3]);
    assert_eq!(messages(&outcome)[0], "agent: CURL");
}

#[test]
fn a_script_inspects_the_value_it_is_given() {
    let script = "function main(value) if value:find('evil') then return 'it is evil' end end";
    let site = Site::new(r#"SecRule ARGS "@inspectFile look.lua" "id:1,pass""#).file("look.lua", script);
    assert_eq!(site.get("/?a=good&b=evil").ids(), [1]);
    assert!(site.get("/?a=good").ids().is_empty());
}

#[test]
fn a_script_that_fails_does_not_match() {
    let broken = "function main() return nobody.field end";
    let site = Site::new(r#"SecRuleScript broken.lua "id:1,deny""#).file("broken.lua", broken);
    let outcome = site.get("/");
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert!(messages(&outcome).iter().any(|text| text.contains("broken.lua:1")), "{:?}", messages(&outcome));
}

#[test]
fn scripts_are_checked_with_the_rules() {
    let missing = Site::new("SecRuleScript none.lua \"id:1,deny\"").compile().unwrap_err();
    assert!(missing.contains("cannot read the script `none.lua`"), "{missing}");
    let broken = Site::new("SecRuleScript x.lua \"id:1,deny\"").file("x.lua", "function main(").compile();
    assert!(broken.unwrap_err().contains("does not compile"));
}
