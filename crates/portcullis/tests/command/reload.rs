//! Reloading: by signal and by itself, good and bad, and what each says.

use crate::support::{Origin, Portcullis, RULE, Site, get, status};

const SECOND: &str = "SecRule ARGS \"@contains probe\" \"id:1001,phase:2,deny,status:406\"\n";

#[test]
fn a_change_is_in_force_by_itself() {
    let (site, origin) = (Site::new(), Origin::start());
    site.write("modsecurity.conf", "SecRuleEngine On\n");
    let (mut process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    assert_eq!(status(&get(address, "/?q=probe")), 200);
    site.write("rules/activated_rules/20-more.conf", SECOND);
    process.error_line("reloaded (files changed): +1 rule; 2 rules, engine On");
    assert_eq!(status(&get(address, "/?q=probe")), 406);
    site.write("rules/activated_rules/10-test.conf", &RULE.replace("403", "404"));
    process.error_line("reloaded (files changed): 1 rule changed; 2 rules, engine On");
    assert_eq!(status(&get(address, "/?q=attack")), 404);
    site.write("rules/activated_rules/10-test.conf", &SECOND.replace("1001", "1002"));
    process.error_line("+1 rule, −1 rule; 2 rules");
    assert_eq!(status(&get(address, "/?q=attack")), 200);
}

#[test]
fn switching_the_mode_is_seen() {
    let (site, origin) = (Site::new(), Origin::start());
    let (mut process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    assert_eq!(status(&get(address, "/?q=attack")), 200);
    assert!(crate::support::output(&["mode", site.argument(), "protect"]).status.success());
    process.error_line("same rules; 1 rule, engine DetectionOnly → On");
    assert_eq!(status(&get(address, "/?q=attack")), 403);
}

#[test]
fn a_broken_configuration_is_reported_and_the_old_one_stays() {
    let (site, origin) = (Site::new(), Origin::start());
    site.write("modsecurity.conf", "SecRuleEngine On\n");
    let (mut process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    site.write("rules/activated_rules/20-bad.conf", "SecRule ARGS \"@rx (\" \"id:5\"\n");
    process.error_line("20-bad.conf:1:");
    process.error_line(
        "not reloaded (files changed): the site has errors; the rules loaded before stay in force",
    );
    assert_eq!(status(&get(address, "/?q=attack")), 403);
    process.signal("HUP");
    process.error_line("not reloaded (SIGHUP)");
    site.write("rules/activated_rules/20-bad.conf", SECOND);
    process.error_line("reloaded (files changed): +1 rule");
    assert_eq!(status(&get(address, "/?q=probe")), 406);
}

#[test]
fn a_signal_reloads_when_nothing_watches() {
    let (site, origin) = (Site::new(), Origin::start());
    let (mut process, address) = Portcullis::run(site.argument(), &origin.url(), &["--watch=false"]);
    site.write("modsecurity.conf", "SecRuleEngine On\n");
    process.signal("HUP");
    process.error_line("reloaded (SIGHUP): same rules; 1 rule, engine DetectionOnly → On");
    assert_eq!(status(&get(address, "/?q=attack")), 403);
}

#[test]
fn settings_that_wait_for_a_restart_are_named() {
    let (site, origin) = (Site::new(), Origin::start());
    let (mut process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    site.write("portcullis.toml", "workers = 3\njoin_headers = true\n");
    process.error_line("reloaded (files changed): same rules");
    process.error_line("settings changed: join-headers");
    process.error_line("settings that wait for a restart: workers");
    site.write("portcullis.toml", "workers = 3\njoin_headers = tru\n");
    process.error_line("error[settings-syntax]");
    process.error_line("not reloaded (files changed)");
    assert_eq!(status(&get(address, "/")), 200);
}

#[test]
fn an_audit_log_that_cannot_be_opened_keeps_the_old_configuration() {
    let (site, origin) = (Site::new(), Origin::start());
    let (mut process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    let old = site.read("modsecurity.conf");
    site.write(
        "modsecurity.conf",
        &old.replace("logs/audit.log", "/nowhere/audit.log").replace("DetectionOnly", "On"),
    );
    process.error_line("not reloaded (files changed): cannot open SecAuditLog `/nowhere/audit.log`");
    assert_eq!(status(&get(address, "/?q=attack")), 200);
    site.write("modsecurity.conf", &old.replace("logs/audit.log", "logs/other.log"));
    process.error_line("reloaded (files changed)");
    get(address, "/?q=attack+two");
    process.out_line("attack+two");
    assert!(process.stop().0.success());
    assert!(site.read("logs/other.log").contains("GET /?q=attack+two HTTP/1.1"));
    assert!(!site.read("logs/audit.log").contains("attack+two"));
}
