//! From `SecAudit…` directives to a log with entries in it, and to errors that say which directive is to blame.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_audit::{AuditLog, AuditOptions, AuditPlan, OpenAuditError};
use portcullis_engine::{Compatibility, Phase, Record, RequestLine, RuleSet, Start, Transaction};
use portcullis_testkit::rules::Source;

const PATIENCE: Duration = Duration::from_secs(30);

fn rule_set(text: &str) -> Arc<RuleSet> {
    let rules = "SecRuleEngine On\nSecAuditEngine On\nSecAction \"id:1,phase:1,pass,msg:'seen'\"\n";
    let source = Source::new().text("rules.conf", format!("{rules}{text}"));
    Arc::new(source.compile(Compatibility::default()).unwrap())
}

fn record(rules: &Arc<RuleSet>) -> Record {
    let start =
        Start { unique_id: "awXVpA0R".into(), wall_micros: 1_795_544_477_428_234, utc_offset_seconds: 0 };
    let mut transaction = Transaction::new(Arc::clone(rules), start);
    transaction.connection(([127, 0, 0, 1], 1000).into(), ([127, 0, 0, 1], 80).into());
    let (raw, target): (&[u8], &[u8]) = (b"GET /p HTTP/1.1", b"/p");
    transaction.request_line(RequestLine { raw, method: b"GET", target, protocol: b"HTTP/1.1" });
    transaction.request_header(b"Host", b"localhost");
    let _ = transaction.run(Phase::RequestHeaders, 0);
    let _ = transaction.run(Phase::Logging, 0);
    transaction.finish()
}

/// Opens what the directives ask for and writes one entry.
fn write_one(directives: &str, options: &AuditOptions, base: &Path) -> AuditLog {
    let rules = rule_set(directives);
    let log = AuditLog::open(rules.settings(), options, base).unwrap().expect("a log is named");
    log.write(&record(&rules), &rules, 239);
    assert!(log.flush(PATIENCE));
    assert_eq!((log.counters().written(), log.counters().lost()), (1, 0));
    log
}

fn read(path: &Path) -> String {
    String::from_utf8(std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_serial_log_lies_where_the_site_says() {
    let base = tempfile::tempdir().unwrap();
    std::fs::create_dir(base.path().join("logs")).unwrap();
    let log = write_one("SecAuditLog logs/audit.log\n", &AuditOptions::default(), base.path());
    let path = base.path().join("logs/audit.log");
    let text = read(&path);
    assert!(text.starts_with("--") && text.ends_with("-Z--\n\n"), "{text}");
    assert!(
        text.contains("\nMessage: Warning. Unconditional match in SecAction. [file \"rules.conf\"]"),
        "{text}"
    );
    std::fs::rename(&path, base.path().join("moved")).unwrap();
    log.reopen();
    let rules = rule_set("");
    log.write(&record(&rules), &rules, 0);
    assert!(log.flush(PATIENCE));
    assert!(read(&path).starts_with("--"));
}

#[test]
fn formats_follow_the_directive_and_the_schema() {
    let base = tempfile::tempdir().unwrap();
    let directives = "SecAuditLog audit.log\nSecAuditLogFormat JSON\nSecAuditLogParts ABHKZ\n";
    write_one(directives, &AuditOptions::default(), base.path());
    let text = read(&base.path().join("audit.log"));
    assert!(text.starts_with("{\"transaction\":{\"time\":\"24/Nov/2026:"), "{text}");
    assert!(text.contains("\"actionset\":{\"id\":\"1\",\"phase\":1,\"is_chained\":false}"), "{text}");
    let v3 = AuditOptions { json_v3: true, ..AuditOptions::default() };
    write_one("SecAuditLog v3.log\nSecAuditLogFormat JSON\n", &v3, base.path());
    assert!(read(&base.path().join("v3.log")).starts_with("{\"transaction\":{\"client_ip\":\"127.0.0.1\""));
}

#[test]
fn a_concurrent_log_stores_files_and_writes_both_indexes() {
    let base = tempfile::tempdir().unwrap();
    std::fs::create_dir(base.path().join("store")).unwrap();
    let directives = concat!(
        "SecAuditLogType Concurrent\nSecAuditLog index\nSecAuditLog2 index2\n",
        "SecAuditLogStorageDir store\nSecAuditLogDirMode 0700\n",
    );
    let options = AuditOptions { user_directory: Some("www".into()), ..AuditOptions::default() };
    write_one(directives, &options, base.path());
    let index = read(&base.path().join("index"));
    assert_eq!(index, read(&base.path().join("index2")));
    assert!(
        index.starts_with("localhost 127.0.0.1 - - [24/Nov/2026:18:21:17.428234 +0000] \"GET /p HTTP/1.1\"")
    );
    let path = "www/20261124/20261124-1821/20261124-182117-awXVpA0R";
    assert!(index.contains(&format!("/{path} 0 ")), "{index}");
    let entry = read(&base.path().join("store").join(path));
    assert!(entry.ends_with("-Z--\n") && !entry.ends_with("\n\n"), "{entry}");
}

#[test]
fn entries_lie_beside_their_index_without_a_storage_directory() {
    let base = tempfile::tempdir().unwrap();
    write_one("SecAuditLogType Concurrent\nSecAuditLog index\n", &AuditOptions::default(), base.path());
    assert!(base.path().join("20261124/20261124-1821/20261124-182117-awXVpA0R").is_file());
}

#[test]
fn no_log_is_named_and_no_entry_is_wanted() {
    let base = tempfile::tempdir().unwrap();
    let rules = rule_set("");
    assert!(AuditLog::open(rules.settings(), &AuditOptions::default(), base.path()).unwrap().is_none());
    let rules = rule_set("SecAuditEngine Off\nSecAuditLog audit.log\n");
    let log = AuditLog::open(rules.settings(), &AuditOptions::default(), base.path()).unwrap().unwrap();
    log.write(&record(&rules), &rules, 0);
    assert!(log.flush(PATIENCE));
    assert_eq!(read(&base.path().join("audit.log")), "");
}

#[test]
fn errors_name_directive_and_path() {
    let base = tempfile::tempdir().unwrap();
    std::fs::write(base.path().join("file"), "").unwrap();
    let error = |directives: &str| {
        let options = AuditOptions { user_directory: Some("www".into()), ..AuditOptions::default() };
        let error = AuditLog::open(rule_set(directives).settings(), &options, base.path()).err().unwrap();
        (error.to_string().replace(&base.path().display().to_string(), "BASE"), error)
    };
    let (text, _) = error("SecAuditLog none/audit.log\n");
    let advice = "name another place or make this one writable";
    assert_eq!(
        text,
        format!("cannot open SecAuditLog `BASE/none/audit.log`: no such file or directory; {advice}")
    );
    let (text, kind) = error("SecAuditLogType Concurrent\nSecAuditLog index\nSecAuditLog2 file/x\n");
    assert_eq!(text, format!("cannot open SecAuditLog2 `BASE/file/x`: not a directory; {advice}"));
    assert!(matches!(kind, OpenAuditError::Log { directive: "SecAuditLog2", .. }));
    let advice = "name another directory or make this one writable";
    for (directory, reason) in [("none", "no such file or directory"), ("file", "not a directory")] {
        let storage =
            format!("SecAuditLogType Concurrent\nSecAuditLog index\nSecAuditLogStorageDir {directory}\n");
        let expected = format!(
            "cannot keep audit entries in `BASE/{directory}` (SecAuditLogStorageDir): {reason}; {advice}"
        );
        assert_eq!(error(&storage).0, expected);
    }
    std::fs::remove_dir(base.path().join("www")).unwrap();
    std::fs::write(base.path().join("www"), "").unwrap();
    let (text, _) = error("SecAuditLogType Concurrent\nSecAuditLog index\n");
    assert_eq!(text, format!("cannot keep audit entries in `BASE` (SecAuditLog): not a directory; {advice}"));
}

#[test]
fn plans_are_equal_when_nothing_about_the_log_changed() {
    let plan = |directives: &str| {
        AuditPlan::of(rule_set(directives).settings(), &AuditOptions::default(), Path::new("/srv"))
    };
    let plain = plan("SecAuditLog a.log\n");
    assert_eq!(plain, plan("SecAuditLog /srv/a.log\nSecAuditLogParts AZ\nSecAuditLog2 unused\n"));
    assert_ne!(plain, plan("SecAuditLog b.log\n"));
    assert_ne!(plain, plan("SecAuditLog a.log\nSecAuditLogFormat JSON\n"));
    assert_ne!(plain, plan("SecAuditLog a.log\nSecAuditLogType Concurrent\n"));
    assert_ne!(plain, None);
}
