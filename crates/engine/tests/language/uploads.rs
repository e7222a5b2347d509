//! Files of forms on disk: when they are asked for, what rules see of them, and which of them stay.

use super::Site;
use super::site::Outcome;

const FORM: &str = "multipart/form-data; boundary=b";

fn upload(rules: &str, files: &[&str]) -> Outcome {
    let mut body = "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nx\r\n".to_owned();
    for (number, contents) in files.iter().enumerate() {
        let head = format!("Content-Disposition: form-data; name=\"f{number}\"; filename=\"a.txt\"");
        body.push_str(&format!("--b\r\n{head}\r\n\r\n{contents}\r\n"));
    }
    body.push_str("--b--\r\n");
    Site::new(rules).ask("POST", "/", &[("Content-Type", FORM)], body.as_bytes())
}

const NAMES: &str = r#"
    SecRule FILES_TMPNAMES "@beginsWith /stored/" "id:1,pass"
    SecRule &FILES_TMPNAMES "@eq 0" "id:2,pass"
    SecRule FILES_TMPNAMES:f1 "@streq /stored/1" "id:3,pass"
"#;

#[test]
fn files_have_no_path_unless_a_site_wants_them() {
    assert_eq!(upload(NAMES, &["one", "two"]).ids(), [2]);
}

#[test]
fn extracted_files_have_paths_and_are_deleted() {
    let outcome = upload(&format!("SecTmpSaveUploadedFiles On\n{NAMES}"), &["one", "two"]);
    assert_eq!(outcome.ids(), [1, 1, 3]);
    assert!(!outcome.keeps_files);
}

#[test]
fn a_form_without_files_needs_none() {
    assert_eq!(upload(&format!("SecTmpSaveUploadedFiles On\n{NAMES}"), &[]).ids(), [2]);
}

#[test]
fn files_are_kept_always_or_when_a_rule_matched() {
    let keep = |mode: &str, rule: &str| {
        upload(&format!("SecUploadDir /kept\nSecUploadKeepFiles {mode}\n{rule}"), &["one"]).keeps_files
    };
    let matches = r#"SecRule ARGS "@streq x" "id:1,pass""#;
    let other = r#"SecRule ARGS "@streq y" "id:1,pass""#;
    assert!(keep("On", other));
    assert!(keep("RelevantOnly", matches));
    assert!(!keep("RelevantOnly", other));
    assert!(!keep("Off", matches));
}

#[test]
fn rules_see_contents_as_often_as_they_ask() {
    let rules = r#"
        SecUploadDir /kept
        SecUploadKeepFiles On
        SecRule FILES_TMP_CONTENT:f1 "@streq two" "id:1,pass"
        SecRule FILES_TMP_CONTENT "@rx ^(?:one|two)$" "id:2,pass"
        SecRule &FILES_TMP_CONTENT "@eq 2" "id:3,pass"
        SecRule ARGS "@streq x" "id:4,pass,chain"
            SecRule FILES_TMP_CONTENT:f0 "@streq %{FILES_TMP_CONTENT.f0}"
    "#;
    let outcome = upload(rules, &["one", "two"]);
    assert_eq!(outcome.ids(), [1, 2, 2, 3, 4]);
    assert_eq!(outcome.files_to_keep, [b"one", b"two"]);
}

#[test]
fn files_that_no_rule_sees_are_handed_over_when_they_are_kept() {
    let kept = |rules: &str| {
        let settings = "SecUploadDir /kept\nSecUploadKeepFiles RelevantOnly\n";
        upload(&format!("{settings}{rules}"), &["one", "two"]).files_to_keep
    };
    let matches = r#"SecRule ARGS "@streq x" "id:1,pass""#;
    assert_eq!(kept(matches), [b"one", b"two"]);
    assert!(kept(r#"SecRule ARGS "@streq y" "id:1,pass""#).is_empty());
    // Where a rule or the debug log can see them, they lie on disk already.
    for sees in [
        "SecRule FILES_TMPNAMES \"@contains /\" \"id:2,pass\"",
        "SecAction \"id:2,phase:2,pass,setvar:'tx.file=%{FILES_TMPNAMES}'\"",
        "SecAction \"id:2,phase:5,pass,exec:/bin/true\"",
        "SecRule FILES_TMP_CONTENT \"@inspectFile /bin/true\" \"id:2,pass\"",
        "SecDebugLog debug.log\nSecDebugLogLevel 4",
    ] {
        assert!(kept(&format!("{matches}\n{sees}")).is_empty(), "{sees}");
    }
}

#[test]
fn the_answer_to_a_rule_is_not_taken_for_that_about_files() {
    let rules = "SecTmpSaveUploadedFiles On\nSecDebugLog debug.log\nSecRule ARGS \"@streq x\" \"id:1,phase:2,pass,nolog,ctl:debugLogLevel=9\"\n\
                 SecAction \"id:2,phase:2,pass,nolog,initcol:ip=1\"";
    let alerts = upload(rules, &["one"]).record.alerts;
    let texts: Vec<_> = alerts.iter().map(|alert| String::from_utf8_lossy(&alert.text)).collect();
    assert!(texts.iter().any(|text| text.contains("Failed to load collection")), "{texts:?}");
    assert!(!texts.iter().any(|text| text.contains("Failed to create file")), "{texts:?}");
}
