//! `portcullis lint`: drawn or as JSON, with an exit status that a script can go by.

use crate::support::{Site, output};

const EXCLUDED: &str = "SecRule ARGS \"@rx x\" \"id:1,phase:2,deny\"\nSecRuleRemoveById 11\n";

fn lint(arguments: &[&str]) -> (i32, String, String) {
    let output = output(&[&["lint"], arguments].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn silent_when_there_is_nothing_and_drawn_when_there_is() {
    let site = Site::new();
    assert_eq!(lint(&[site.argument()]), (0, String::new(), String::new()));
    assert_eq!(lint(&[site.argument(), "--json"]), (0, "[]\n".to_owned(), String::new()));
    site.write("rules/activated_rules/20-more.conf", EXCLUDED);
    let (status, said, drawn) = lint(&[site.argument()]);
    assert_eq!((status, said.as_str()), (1, ""));
    assert!(
        drawn.contains("warning[exclusion-of-nothing]") && drawn.contains("20-more.conf:2:19"),
        "{drawn}"
    );
    assert!(drawn.contains("what was to be excluded goes on"), "{drawn}");
}

#[test]
fn json_has_place_reason_and_remedy() {
    let site = Site::with("SecRuleEngine On\n", EXCLUDED);
    site.write("portcullis.toml", "listn = \"127.0.0.1:1\"\n");
    let (status, said, errors) = lint(&[site.argument(), "--json"]);
    assert_eq!((status, errors.as_str()), (1, ""));
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    let first = &found[0];
    assert_eq!(first["code"], "exclusion-of-nothing");
    assert_eq!((&first["place"]["line"], &first["place"]["column"]), (&2.into(), &19.into()));
    assert_eq!(first["place"]["end_column"], 20);
    assert!(first["why"].as_str().is_some_and(|why| why.contains("goes on")), "{first}");
    assert!(first["help"].as_str().is_some_and(|help| help.contains("correct the id")), "{first}");
    assert!(found[1]["place"]["path"].as_str().unwrap().ends_with("portcullis.toml"), "{found}");
}

#[test]
fn notices_alone_are_no_failure() {
    let site = Site::with("SecRuleEngine On\n", "SecRule ARGS \"@rx (a)\\\\1\" \"id:1,phase:2,deny\"\n");
    let (status, _, drawn) = lint(&[site.argument()]);
    assert!(status == 0 && drawn.contains("notice[backtracking-pattern]"), "{drawn}");
}
