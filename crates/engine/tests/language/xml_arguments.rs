//! `SecParseXmlIntoArgs`: the leaves of an XML body as arguments.

use super::Site;

const RULES: &str = r#"
    SecAction "id:1,phase:1,nolog,pass,ctl:requestBodyProcessor=XML"
    SecRule ARGS_POST:xml.order.item "@streq <x" "id:2,phase:2,pass"
    SecRule ARGS_NAMES "@streq xml.order.note" "id:3,phase:2,pass"
    SecRule XML:/* "@contains <x" "id:4,phase:2,pass"
"#;

#[test]
fn leaves_are_arguments_where_asked_for() {
    let body = b"<order><item>&lt;x</item><note/></order>";
    let switched = |text: &str| format!("{RULES}{text}");
    for (rules, expected) in [
        (switched(""), &[4][..]),
        (switched("SecParseXmlIntoArgs Off"), &[4]),
        (switched("SecParseXmlIntoArgs On"), &[2, 3, 4]),
        (switched("SecParseXmlIntoArgs OnlyArgs"), &[2, 3]),
        (switched(r#"SecAction "id:9,phase:1,nolog,pass,ctl:parseXmlIntoArgs=On""#), &[2, 3, 4]),
    ] {
        assert_eq!(Site::new(&rules).ask("POST", "/", &[], body).ids(), expected, "{rules}");
    }
}

#[test]
fn leaves_count_against_the_limit_of_arguments() {
    let rules = format!(
        "SecParseXmlIntoArgs On\nSecArgumentsLimit 2\n{RULES}\nSecRule REQBODY_ERROR \"@eq 1\" \"id:5,phase:2,pass\""
    );
    let outcome = Site::new(&rules).ask("POST", "/", &[], b"<a><b>1</b><b>2</b><b>3</b></a>");
    assert!(outcome.ids().contains(&5));
}
