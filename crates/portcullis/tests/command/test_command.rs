//! `portcullis test`: in process and over sockets, with the same verdicts.

use crate::support::{Origin, Portcullis, Site, output};

const RULES: &str = "\
SecRule REQUEST_HEADERS:X-CRS-Test \"@rx ^.*$\" \"id:999999,phase:1,pass,t:none,log,msg:'%{MATCHED_VAR}',ctl:ruleRemoveById=1-999999\"
SecRule ARGS \"@contains attack\" \"id:1000,phase:2,deny,status:403,log,msg:'attack seen'\"
";

const TESTS: &str = "\
rule_id: 1000
tests:
  - test_id: 1
    stages:
      - input: {uri: '/?q=attack', headers: {Host: localhost}}
        output: {log: {expect_ids: [1000]}}
  - test_id: 2
    stages:
      - input: {uri: '/?q=peace', headers: {Host: localhost}}
        output: {status: 200, log: {no_expect_ids: [1000]}}
";

#[test]
fn tests_pass_in_process_and_over_sockets() {
    let (site, origin) = (Site::with("SecRuleEngine DetectionOnly\n", RULES), Origin::start());
    site.write("1000.yaml", TESTS);
    let tests = site.path("1000.yaml");
    let tests = tests.to_str().unwrap();
    let inside = output(&["test", tests, "--site", site.argument()]);
    let said = String::from_utf8(inside.stdout).unwrap();
    assert!(inside.status.success() && said.ends_with("ran 2, passed 2, failed 0, skipped 0\n"), "{said}");

    let log = site.path("logs/error.log");
    let log = log.to_str().unwrap();
    let (process, address) = Portcullis::run(site.argument(), &origin.url(), &["--error-log", log]);
    let outside = output(&["test", tests, "--url", &format!("http://{address}"), "--log", log]);
    let said = String::from_utf8([outside.stdout, outside.stderr].concat()).unwrap();
    assert!(outside.status.success() && said.ends_with("ran 2, passed 2, failed 0, skipped 0\n"), "{said}");
    drop(process);
}

#[test]
fn failures_have_a_reason_and_a_status() {
    let site = Site::with("SecRuleEngine DetectionOnly\n", RULES);
    site.write("1000.yaml", &TESTS.replace("no_expect_ids", "expect_ids"));
    let tests = site.path("1000.yaml");
    let failed = output(&["test", tests.to_str().unwrap(), "--site", site.argument()]);
    let said = String::from_utf8(failed.stdout).unwrap();
    assert_eq!(failed.status.code(), Some(1));
    assert!(
        said.contains("failed 1000-2") && said.contains("rule 1000 did not match (matched: none)"),
        "{said}"
    );
    assert!(said.ends_with("ran 2, passed 1, failed 1, skipped 0\n"), "{said}");
    let none = output(&["test", tests.to_str().unwrap(), "--site", site.argument(), "--filter", "^5"]);
    assert_eq!(none.status.code(), Some(1));
    let neither = output(&["test", tests.to_str().unwrap()]);
    assert_eq!(neither.status.code(), Some(2));
    site.write("modsecurity.conf", "SecRuleEngin On\n");
    let broken = output(&["test", tests.to_str().unwrap(), "--site", site.argument()]);
    let said = String::from_utf8(broken.stderr).unwrap();
    assert!(broken.status.code() == Some(1) && said.contains("unknown directive `SecRuleEngin`"), "{said}");
}
