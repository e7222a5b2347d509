//! `portcullis import`: what is laid down is committed and valid, what was left out is said.

use std::fs;

use crate::support::output;

#[test]
fn lays_down_commits_and_reports() {
    let folder = tempfile::tempdir().unwrap();
    let (from, site) = (folder.path().join("modsecurity.d"), folder.path().join("site"));
    fs::create_dir(&from).unwrap();
    let text = "SecRuleEngine On\nSecVendorOption On\nSecRule ARGS \"@rx x\" \"id:1,phase:2,deny\"\n";
    fs::write(from.join("modsecurity.conf"), text).unwrap();
    let (from, site) = (from.to_str().unwrap(), site.to_str().unwrap());
    let imported = output(&["import", from, site]);
    let said = String::from_utf8(imported.stdout).unwrap();
    assert_eq!(imported.status.code(), Some(0), "{said}");
    assert!(said.contains("left out: modsecurity.conf:2: ") && said.contains("\ncommit "), "{said}");
    let check = output(&["check", site]);
    assert_eq!((check.status.code(), check.stderr), (Some(0), Vec::new()));
    let again = output(&["import", from, site]);
    assert!(again.status.code() == Some(1) && again.stderr.ends_with(b"to lay the site down\n"));
}
