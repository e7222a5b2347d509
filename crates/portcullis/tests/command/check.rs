//! `portcullis check`: silent when valid, everything at once when not.

use crate::support::{Site, output};

/// The exit status and what was said; nothing may be said on standard output.
fn check(arguments: &[&str]) -> (i32, String) {
    let output = output(&[&["check"], arguments].concat());
    assert_eq!(output.stdout, b"");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_valid_site_is_silent() {
    assert_eq!(check(&[Site::new().argument()]), (0, String::new()));
}

#[test]
fn everything_wrong_is_said_at_once_in_place() {
    let site = Site::new();
    site.write("portcullis.toml", "listn = \"127.0.0.1:80\"\n");
    site.write(
        "rules/activated_rules/20-more.conf",
        "SecRulee ARGS \"@rx x\" \"id:1\"\nSecRule ARGS \"@rx (\" \"id:2\"\n",
    );
    let (status, said) = check(&[site.argument()]);
    assert_eq!(status, 1);
    for text in [
        "error[unknown-directive]: unknown directive `SecRulee`",
        "20-more.conf:1:1",
        "did you mean `SecRule`?",
        "20-more.conf:2:",
        "error[unknown-setting]: unknown setting `listn`",
        "portcullis.toml:1:1",
        "did you mean `listen`?",
        "\n3 errors\n",
    ] {
        assert!(said.contains(text), "{text} is missing in\n{said}");
    }
    assert!(!said.contains('\x1b'), "colours only on a terminal");
}

#[test]
fn warnings_are_shown_when_asked_for_or_when_there_are_errors() {
    // A comment that ends in a backslash swallows the next line.
    let site = Site::with("SecRuleEngine On\n# a comment \\\nSecRuleEngine Off\n", "");
    assert_eq!(check(&[site.argument()]), (0, String::new()));
    let (status, said) = check(&["--warnings", site.argument()]);
    assert!(status == 0 && said.contains("warning["), "{said}");
    site.write("modsecurity.conf", "# a comment \\\nSecRuleEngine Off\nSecRuleEngin On\n");
    let (status, said) = check(&[site.argument()]);
    assert!(status == 1 && said.contains("warning[") && said.contains("1 error, 1 warning"), "{said}");
}
