//! Where lines and entries go, rotation, and disks that are full.

use std::fs;

use crate::support::{Origin, Portcullis, Site, get, status};

#[test]
fn each_log_has_its_file_and_nothing_is_lost_at_the_end() {
    let (site, origin) = (Site::new(), Origin::start());
    let (error, access) = (site.path("logs/error.log"), site.path("logs/access.log"));
    let files = ["--error-log", error.to_str().unwrap(), "--access-log", access.to_str().unwrap()];
    let more = [&files[..], &["--access-log-format", "ltsv", "--error-log-format", "2.9.8"]].concat();
    let (process, address) = Portcullis::run(site.argument(), &origin.url(), &more);
    for number in 0..20 {
        get(address, &format!("/?q=attack{number}"));
    }
    let (status, said) = process.stop();
    assert!(status.success() && !said.contains("[security2:error]"), "{said}");
    let error = site.read("logs/error.log");
    assert_eq!(error.matches("[id \"1000\"]").count(), 20);
    assert!(
        error.contains("] ModSecurity: Warning.") && !error.contains("[client 127.0.0.1] ModSecurity"),
        "{error}"
    );
    let access = site.read("logs/access.log");
    assert_eq!(access.matches("\tverdict:detected\t").count(), 20, "{access}");
    let audit = site.read("logs/audit.log");
    assert_eq!(audit.matches("-A--\n").count(), 20);
    for text in [
        "GET /?q=attack7 HTTP/1.1\nHost: shop.test",
        "Message: Warning. ",
        "Producer: ",
        "\"@contains attack\"",
    ] {
        assert!(audit.contains(text), "{text} is missing in\n{audit}");
    }
}

#[test]
fn audit_entries_in_json_describe_their_rules() {
    let site = Site::new();
    let json = site.read("modsecurity.conf") + "SecAuditLogFormat JSON\n";
    site.write("modsecurity.conf", &json);
    site.write(
        "rules/activated_rules/20-chain.conf",
        "SecRule ARGS:q|!ARGS:r \"!@rx ^x$\" \"id:1001,phase:2,pass,log,tag:'saw/%{ARGS.q}',severity:2,chain\"\n  \
         SecRule &ARGS \"@ge 1\" \"t:none\"\n",
    );
    let origin = Origin::start();
    let (process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    get(address, "/?q=attack");
    assert!(process.stop().0.success());
    let entry: serde_json::Value = serde_json::from_str(&site.read("logs/audit.log")).unwrap();
    assert_eq!(entry["request"]["request_line"], "GET /?q=attack HTTP/1.1");
    let rule = &entry["matched_rules"][0]["rules"][0];
    assert_eq!(rule["actionset"]["id"], "1000");
    assert_eq!(rule["operator"]["operator"], "contains");
    assert_eq!(rule["operator"]["operator_param"], "attack");
    assert_eq!(rule["operator"]["target"], "ARGS");
    assert_eq!(rule["config"]["line_num"], 1);
    let chain = &entry["matched_rules"][1]["rules"];
    assert_eq!(chain[0]["actionset"]["tags"][0], "saw/attack");
    assert_eq!(chain[0]["actionset"]["chain_starter"], true);
    assert_eq!(chain[0]["operator"]["target"], "ARGS:q|!ARGS:r");
    assert_eq!(chain[0]["operator"]["negated"], true);
    assert_eq!(chain[1]["actionset"]["is_chained"], true);
    assert_eq!(chain[1]["actionset"]["chain_starter"], serde_json::Value::Null);
    assert_eq!(chain[1]["operator"]["target"], "&ARGS");
}

#[test]
fn a_rotated_log_is_opened_anew() {
    let (site, origin) = (Site::new(), Origin::start());
    let access = site.path("logs/access.log");
    let (mut process, address) =
        Portcullis::run(site.argument(), &origin.url(), &["--access-log", access.to_str().unwrap()]);
    for (signal, said, name) in [("USR1", "logs opened anew", "one"), ("HUP", "reloaded (SIGHUP)", "two")] {
        get(address, &format!("/before-{name}?q=attack"));
        process.error_line(&format!("[uri \"/before-{name}\"]"));
        for log in ["access", "audit"] {
            fs::rename(site.path(&format!("logs/{log}.log")), site.path(&format!("logs/{log}.{name}")))
                .unwrap();
        }
        process.signal(signal);
        process.error_line(said);
        get(address, &format!("/after-{name}?q=attack"));
        process.error_line(&format!("[uri \"/after-{name}\"]"));
    }
    assert!(process.stop().0.success());
    for log in ["access", "audit"] {
        let (one, two, last) = (
            site.read(&format!("logs/{log}.one")),
            site.read(&format!("logs/{log}.two")),
            site.read(&format!("logs/{log}.log")),
        );
        // A line that waits when a log is opened anew may go to either file; one that comes later goes to the new one.
        let all = [&one[..], &two, &last].concat();
        for place in ["/before-one", "/after-one", "/before-two", "/after-two"] {
            assert!(all.contains(place), "{place} is missing in {all}");
        }
        assert!(!one.contains("/after-one") && !one.contains("/after-two"), "{one}");
        assert!(!two.contains("/after-two") && last.contains("/after-two"), "{two}\n{last}");
    }
}

#[test]
fn a_full_disk_loses_lines_but_no_requests() {
    let site = Site::new();
    let full = site.read("modsecurity.conf").replace("logs/audit.log", "/dev/full");
    site.write("modsecurity.conf", &full);
    let origin = Origin::start();
    let logs = ["--access-log", "/dev/full", "--error-log", "/dev/full"];
    let (mut process, address) = Portcullis::run(site.argument(), &origin.url(), &logs);
    for _ in 0..5 {
        assert_eq!(status(&get(address, "/?q=attack")), 200);
    }
    for log in ["access log", "error log", "audit log"] {
        process.error_line(&format!("portcullis: {log}: 1 entry lost: No space left on device"));
    }
    let (status, said) = process.stop();
    assert!(status.success());
    for log in ["access log", "error log", "audit log"] {
        assert!(said.contains(&format!("{log}: 5 entries were lost since the start")), "{said}");
    }
}

#[test]
fn logs_can_be_switched_off() {
    let (site, origin) = (Site::new(), Origin::start());
    let (process, address) =
        Portcullis::run(site.argument(), &origin.url(), &["--access-log", "off", "--error-log", "off"]);
    assert_eq!(status(&get(address, "/?q=attack")), 200);
    let (_, said) = process.stop();
    assert!(!said.contains("security2") && !said.contains("\"target\""), "{said}");
}

#[test]
fn a_guardian_gets_the_requests_that_it_asks_for() {
    let site = Site::new();
    let configuration = site.read("modsecurity.conf") + "SecGuardianLog logs/guardian.log env=watched\n";
    site.write("modsecurity.conf", &configuration);
    site.write(
        "rules/activated_rules/20-watch.conf",
        "SecRule ARGS:q \"@streq a\" \"id:1001,phase:2,pass,nolog,setenv:watched=1\"\n",
    );
    let origin = Origin::start();
    let (process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    get(address, "/?q=a");
    get(address, "/?q=b");
    assert!(process.stop().0.success());
    let log = site.read("logs/guardian.log");
    assert!(
        log.starts_with("shop.test 127.0.0.1 - - [") && log.contains("] \"GET /?q=a HTTP/1.1\" 200 "),
        "{log}"
    );
    assert!(log.lines().count() == 1 && log.ends_with(" 0 \"-\" 0 \n"), "{log}");
}
