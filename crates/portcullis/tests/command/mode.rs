//! `portcullis mode`: one directive changes, every other byte stays.

use crate::support::{Site, output};

fn mode(arguments: &[&str]) -> (i32, String) {
    let output = output(&[&["mode"], arguments].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn switches_and_keeps_everything_else() {
    let before =
        "# head\r\nSecRuleEngine   DetectionOnly\r\n\tSecRequestBodyAccess On # not a comment\\\n ever\n";
    let site = Site::with(&before.replace(" # not a comment\\\n ever", ""), "");
    let text = site.read("modsecurity.conf");
    let root = site.argument();
    assert_eq!(mode(&[root]), (0, "detect\n".to_owned()));
    let (status, said) = mode(&[root, "protect"]);
    assert!(status == 0 && said.contains("SecRuleEngine On"), "{said}");
    assert_eq!(site.read("modsecurity.conf"), text.replace("DetectionOnly", "On"));
    assert_eq!(mode(&[root]), (0, "protect\n".to_owned()));
    let (status, said) = mode(&[root, "protect"]);
    assert!(status == 0 && said.contains("already"), "{said}");
    assert_eq!(mode(&[root, "detect"]).0, 0);
    assert_eq!(site.read("modsecurity.conf"), text);
}

#[test]
fn refuses_what_would_have_no_effect() {
    let site = Site::with("SecRuleEngine On\n", "SecRuleEngine DetectionOnly\n");
    let (status, said) = mode(&[site.argument(), "protect"]);
    assert!(status == 1 && said.contains("10-test.conf"), "{said}");
    assert_eq!(mode(&[site.argument(), "attack"]).0, 2);
}
