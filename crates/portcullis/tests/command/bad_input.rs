//! Every kind of bad configuration: each its own message, with a position where there is one, and nothing starts.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;

use crate::support::{Site, output};

/// What `check` and `run` say of a site with this rule file; both refuse it.
#[track_caller]
fn refused(rules: &str, expected: &[&str]) {
    let site = Site::new();
    site.write("rules/activated_rules/20-bad.conf", rules);
    refused_site(&site, expected);
}

#[track_caller]
fn refused_site(site: &Site, expected: &[&str]) {
    for command in [&["check", site.argument()][..], &["run", site.argument(), "--listen", "127.0.0.1:0"]] {
        let output = output(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        for text in expected {
            assert!(said.contains(text), "{text:?} is missing in what {command:?} says:\n{said}");
        }
        assert!(!said.contains("listening on"), "{said}");
    }
}

#[test]
fn unknown_names() {
    refused("SecRulez ARGS \"@rx x\" \"id:1\"\n", &["20-bad.conf:1:1", "unknown directive `SecRulez`"]);
    refused("SecRule ARGS \"@rxx x\" \"id:1\"\n", &["20-bad.conf:1:", "rxx", "did you mean"]);
    refused("SecRule ARGZ \"@rx x\" \"id:1\"\n", &["20-bad.conf:1:9", "ARGZ", "did you mean"]);
    refused("SecRule ARGS \"@rx x\" \"id:1,denyy\"\n", &["20-bad.conf:1:", "denyy", "did you mean"]);
    refused("SecRule ARGS \"@rx x\" \"id:1,t:lowercas\"\n", &["20-bad.conf:1:", "lowercas", "did you mean"]);
}

#[test]
fn rules_that_are_wrong_in_themselves() {
    refused("SecRule ARGS \"@rx (\" \"id:1\"\n", &["20-bad.conf:1:"]);
    refused(
        "\nSecRule ARGS x \"id:1000\"\n",
        &["20-bad.conf:2:", "same id 1000", "10-test.conf:1:", "first defined here"],
    );
    refused("SecRule ARGS x \"phase:2\"\n", &["20-bad.conf:1:1", "missing-id"]);
    refused("SecRule ARGS \"@pmFromFile nowhere.data\" \"id:1\"\n", &["20-bad.conf:1:", "nowhere.data"]);
    refused("Include nowhere.conf\n", &["20-bad.conf:1:9", "nowhere.conf"]);
}

#[test]
fn files_that_cannot_be_read() {
    let site = Site::new();
    // A folder in place of a file: unreadable for every user, the administrator included.
    fs::create_dir(site.path("rules/activated_rules/30-folder.conf")).unwrap();
    refused_site(&site, &["30-folder.conf"]);
    let site = Site::new();
    symlink("/etc/hostname", site.path("rules/activated_rules/link.conf")).unwrap();
    refused_site(&site, &["link.conf", "symbolic link"]);
    let site = Site::new();
    fs::remove_file(site.path("modsecurity.conf")).unwrap();
    refused_site(&site, &["modsecurity.conf", "portcullis init"]);
    let site = Site::new();
    fs::write(site.path("portcullis.toml"), b"listen = \"\xff\"\n").unwrap();
    refused_site(&site, &["portcullis.toml:1:11", "not UTF-8"]);
    let site = Site::new();
    fs::create_dir(site.path("portcullis.toml")).unwrap();
    refused_site(&site, &["portcullis.toml"]);
}

/// Standard error and status of `run` with these arguments.
fn run(site: &Site, arguments: &[&str]) -> (i32, String) {
    let output = output(&[&["run", site.argument(), "--listen", "127.0.0.1:0"], arguments].concat());
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn settings_that_make_no_sense() {
    let site = Site::new();
    let (status, said) = run(&site, &["--upstream", "https://app:443"]);
    assert!(status == 2 && said.contains("--upstream: TLS to the origin is not built"), "{status} {said}");
    let (status, said) = run(&site, &["--workers", "many", "--access-log-format", "xml"]);
    assert!(
        status == 2 && said.contains("--workers: `many`") && said.contains("--access-log-format: `xml`"),
        "{said}"
    );
    let (status, said) = run(&site, &["--lisen", "127.0.0.1:0"]);
    assert!(status == 2 && said.contains("--listen"), "{said}");
    site.write("portcullis.toml", "upstream = \"https://app\"\nworkers = \"two\"\n");
    refused_site(&site, &["portcullis.toml:1:12", "TLS to the origin is not built", "portcullis.toml:2:11"]);
}

#[test]
fn an_address_in_use() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let output = output(&["run", Site::new().argument(), "--listen", &address]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains(&address) && said.to_lowercase().contains("in use") && said.contains("--listen"),
        "{said}"
    );
}

#[test]
fn a_log_that_cannot_be_opened() {
    let site = Site::new();
    let (status, said) = run(&site, &["--error-log", "/nowhere/error.log"]);
    assert!(status == 1 && said.contains("cannot open the error log `/nowhere/error.log`"), "{said}");
    assert!(said.contains("no such file") && said.contains("error_log"), "{said}");
    site.write("modsecurity.conf", "SecRuleEngine On\nSecAuditEngine On\nSecAuditLog /nowhere/audit.log\n");
    let (status, said) = run(&site, &[]);
    assert!(status == 1 && said.contains("cannot open SecAuditLog `/nowhere/audit.log`"), "{said}");
}

#[test]
fn a_folder_that_is_no_site() {
    for command in ["check", "run", "mode"] {
        let output = output(&[command, "/nowhere/at/all"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said.starts_with("portcullis: `/nowhere/at/all` is not a site"), "{said}");
    }
}
