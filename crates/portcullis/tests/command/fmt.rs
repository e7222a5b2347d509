//! `portcullis fmt`: lists, writes and commits what is laid out otherwise; broken files are reported.

use crate::support::{Site, output};

fn fmt(arguments: &[&str]) -> (i32, String, String) {
    let output = output(&[&["fmt"], arguments].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn checks_then_writes_then_has_nothing_to_do() {
    let site = Site::with("SecRuleEngine   On\n", "\tSecAction   \"id:1,phase:1,pass\"\n\n\n\n");
    let root = site.argument();
    let listed = "modsecurity.conf\nrules/activated_rules/10-test.conf\n".to_owned();
    assert_eq!(fmt(&[root, "--check"]), (1, listed, String::new()));
    assert_eq!(site.read("modsecurity.conf"), "SecRuleEngine   On\n");
    assert_eq!(fmt(&[root]), (0, "2 of 2 files formatted\n".to_owned(), String::new()));
    assert_eq!(site.read("modsecurity.conf"), "SecRuleEngine On\n");
    assert_eq!(site.read("rules/activated_rules/10-test.conf"), "    SecAction \"id:1,phase:1,pass\"\n");
    assert_eq!(fmt(&[root, "--check"]), (0, String::new(), String::new()));
    assert_eq!(fmt(&[root]), (0, "2 files, nothing to change\n".to_owned(), String::new()));
}

#[test]
fn a_broken_file_stays_and_is_reported() {
    let site = Site::with("SecRuleEngine   On\n", "<Location   />\n");
    let (status, said, errors) = fmt(&[site.argument()]);
    assert_eq!((status, said.as_str()), (1, "1 of 2 files formatted\n"));
    assert!(errors.contains("error[unclosed-section]") && errors.contains("10-test.conf"), "{errors}");
    assert_eq!(site.read("rules/activated_rules/10-test.conf"), "<Location   />\n");
}
