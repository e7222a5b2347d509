//! A fresh site with the CRS: first account, traffic, a set off and on, an exclusion made from an event, a rule taken out,
//! protection, a broken edit, the first version again. Each step is seen on a page and in what the proxy does.

use std::net::SocketAddr;
use std::process::Command;

use tempfile::TempDir;

use crate::pages;
use crate::support::{Origin, Portcullis, exchange, output, status};
use crate::webdriver::Browser;

/// An ordinary search that rule 930120 takes for an attack on files.
const NORMAL: &str = "/search?q=how+to+edit+/etc/hosts";
const XSS: &str = "/search?q=%3Cscript%3Ealert(1)%3C/script%3E";
const FILES: &str = "/download?name=../../../etc/passwd";

/// The site, the proxy before it and the browser at its console.
struct Way {
    folder: TempDir,
    process: Portcullis,
    proxy: SocketAddr,
    browser: Browser,
    console: String,
}

impl Way {
    fn begin() -> Option<Self> {
        let crs = portcullis_testkit::corpus::folder("crs-v4")?;
        let browser = Browser::start()?;
        let folder = TempDir::new().unwrap();
        let site = folder.path().join("shop");
        let site = site.to_str().unwrap();
        let laid = output(&["init", site, "--crs", crs.to_str().unwrap()]);
        assert!(laid.status.success(), "{}", String::from_utf8_lossy(&laid.stderr));
        let origin = Origin::start().url();
        let (mut process, proxy) = Portcullis::run(site, &origin, &["--console", "127.0.0.1:0"]);
        let console = process.error_line("console on http://").replace("console on ", "");
        Some(Self { folder, process, proxy, browser, console: console.trim().to_owned() })
    }

    fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.console));
    }

    /// The status of a request as a browser would send it.
    fn send(&self, target: &str) -> u16 {
        let head = "Host: shop.test\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\nConnection: close\r\n";
        status(&exchange(self.proxy, &format!("GET {target} HTTP/1.1\r\n{head}\r\n")))
    }

    /// Commits what the page shows, with a reason where one is not given already, and waits for the proxy to take it.
    fn commit(&mut self, reason: &str) {
        if !reason.is_empty() {
            self.browser.fill("#reason", reason);
        }
        self.browser.click("//form[@action='/changes/commit']//button[contains(@class,'primary')]");
        self.browser.sees("#commit", "");
        self.browser.sees(".commits", "Newest");
        self.process.error_line("reloaded (");
    }

    fn sign_up(&mut self) {
        let link = self.process.error_line("/setup?token=");
        self.browser.open(link.trim());
        pages::look_at_this(&self.browser, "/setup");
        self.browser.fill("#account", "ada");
        self.browser.fill("#password", "correct horse");
        self.browser.fill("#again", "correct horse");
        self.browser.click("//button[.='Make the account']");
        self.browser.sees("h1", "Overview");
        self.browser.click("details.menu summary");
        self.browser.click("//button[.='Sign out']");
        self.browser.fill("#account", "ada");
        self.browser.fill("#password", "wrong horse");
        self.browser.click("//button[.='Sign in']");
        self.browser.sees("#wrong", "not right");
        pages::look_at_this(&self.browser, "/login");
        self.browser.fill("#password", "correct horse");
        self.browser.click("//button[.='Sign in']");
        self.browser.sees("h1", "Overview");
    }

    /// A change of a set's state on the page of all.
    fn switch(&mut self, set: &str, state: &str) {
        self.open("/rulesets");
        self.browser.click(&format!("//input[@name='set:{set}' and @value='{state}']/ancestor::label"));
        self.browser.click("//button[.='Review changes']");
        self.browser.sees("h1", "?");
        self.commit("Trying the switch");
    }

    /// How many stored requests pass a filter.
    fn events(&self, filter: &str) -> usize {
        self.open(&format!("/events?range=hour&q={filter}"));
        self.browser.sees("h1", "Events");
        self.browser.count("#events-body tr")
    }

    /// Waits until so many stored requests pass a filter: the store writes behind the traffic.
    fn expect_events(&self, filter: &str, expected: usize) {
        self.browser.until(|| match self.events(filter) {
            seen if seen == expected => Ok(()),
            seen => Err(format!("{seen} events pass {filter}, not {expected}")),
        });
    }

    fn commits(&self) -> usize {
        let mut log = Command::new("git");
        log.args(["log", "--oneline"]).current_dir(self.folder.path().join("shop"));
        String::from_utf8_lossy(&log.output().unwrap().stdout).lines().count()
    }
}

#[test]
fn from_the_first_account_to_protection_and_back() {
    let Some(mut way) = Way::begin() else { return };
    way.sign_up();
    traffic_is_seen(&way);
    let before = way.commits();
    a_set_is_switched_off_and_on(&mut way);
    a_false_alarm_is_excluded(&mut way);
    a_rule_is_taken_out(&mut way);
    protection_blocks_attacks_only(&mut way);
    a_broken_edit_is_refused(&way);
    assert_eq!(way.commits(), before + 5, "every change is a commit");
    pages::look_at_all(&way.browser, &way.console);
    the_first_version_comes_back(&mut way);
    let (status, said) = way.process.stop();
    assert!(status.success(), "{said}");
}

fn traffic_is_seen(way: &Way) {
    way.open("/events");
    way.browser.click("[data-live]");
    way.browser.sees("[data-live-word]", "Pause");
    way.browser.until(|| {
        // A tail shows what comes once it is open: it is asked until one has come.
        assert_eq!(way.send(XSS), 200);
        let rows = way.browser.count("#events-body tr.fresh");
        if rows > 0 { Ok(()) } else { Err("nothing comes over the live tail".to_owned()) }
    });
    way.browser.sees("#events-body tr.fresh", "/search");
    assert_eq!([way.send(NORMAL), way.send(FILES), way.send("/quiet")], [200; 3]);
    way.expect_events("rule:930120", 2);
    way.open("/");
    way.browser.sees("main", "930120");
    way.browser.sees("main", "XSS");
    way.browser.sees("main", "Nothing was blocked: this site detects only.");
    way.open("/events?range=hour&q=path:/download");
    way.browser.click("#events-body a[data-row]");
    way.browser.sees("details.why[open]", "etc/passwd");
    let event = way.browser.url();
    assert!(event.contains("/events/"), "an event has a link of its own: {event}");
}

fn a_set_is_switched_off_and_on(way: &mut Way) {
    let set = "REQUEST-941-APPLICATION-ATTACK-XSS.conf";
    way.switch(set, "off");
    let probe = "/probe?q=%3Cscript%3Ealert(1)%3C/script%3E";
    assert_eq!([way.send(probe), way.send("/probe?name=../../../etc/passwd")], [200; 2]);
    way.expect_events("path:/probe", 1);
    way.switch(set, "protect");
    assert_eq!(way.send(probe), 200);
    way.expect_events("path:/probe", 2);
}

fn a_false_alarm_is_excluded(way: &mut Way) {
    way.open("/events?range=hour&q=path:/search+rule:930120");
    way.browser.click("#events-body a[data-row]");
    way.browser.click("//details[@id='r930120']//a[.='Exclude']");
    way.browser.sees(".scopes label:has(:checked)", "Rule 930120 does not look at ARGS:q on /search");
    way.browser.sees(".scopes label:has(:checked)", "1 of 3");
    way.browser.sees(".scope-target_on_path .code", "ctl:ruleRemoveTargetById=930120;ARGS:q");
    way.browser.fill("#reason", "People search for names of files");
    way.browser.click("//button[.='Review exclusion']");
    way.browser.sees(".diff", "People search for names of files");
    way.commit("");
    let targets = [NORMAL, "/search?name=../../../etc/passwd", "/download?q=../../../etc/passwd"];
    assert_eq!(targets.map(|target| way.send(target)), [200; 3]);
    // The request of the false alarm is clean; the attack is seen in another argument, and on another path.
    way.expect_events("rule:930120", 5);
    way.expect_events("path:/search%20rule:930120", 2);
    way.open("/exclusions");
    way.browser.sees("main", "People search for names of files");
}

fn a_rule_is_taken_out(way: &mut Way) {
    way.open("/rulesets/REQUEST-930-APPLICATION-ATTACK-LFI.conf");
    way.browser.click("//details[.//*[@id='rule-930120']]/summary");
    way.browser.click("//button[@name='rule-off' and @value='930120']");
    way.commit("It finds names of files in prose");
    let again = "/again?q=how+to+edit+/etc/hosts";
    assert_eq!([way.send(again), way.send("/again?q=%3Cscript%3Ealert(1)%3C/script%3E")], [200; 2]);
    way.expect_events("path:/again", 1);
}

fn protection_blocks_attacks_only(way: &mut Way) {
    way.open("/protection");
    way.browser.sees("section[aria-labelledby=report]", "would have been blocked");
    way.browser.click("//input[@name='mode' and @value='protect']/ancestor::label");
    way.browser.click("//button[.='Review the switch']");
    way.browser.fill("#confirm", "shop");
    way.commit("The logs are clean");
    way.browser.sees(".badge.mode", "Protect");
    assert_eq!([way.send(XSS), way.send(NORMAL)], [403, 200]);
    way.expect_events("status:403", 1);
}

fn a_broken_edit_is_refused(way: &Way) {
    way.open("/files/modsecurity.conf");
    way.browser.script(
        "const t = document.querySelector('#source'); t.value = '# mine\\nSecRul ARGS x\\n' + t.value;",
        &[],
    );
    way.browser.click("//button[.='Review and commit']");
    way.browser.sees("section[aria-labelledby=editor] .badge", "Has errors");
    assert_eq!(way.browser.text(".editor li.bad"), "2", "the line is marked");
    way.browser.sees("#diagnostics", "SecRul");
    assert_eq!(way.send(XSS), 403, "what ran runs on");
}

fn the_first_version_comes_back(way: &mut Way) {
    way.open("/history");
    way.browser.click("(//a[@class='commit'])[last()]");
    way.browser.click("//button[.='Review going back to this']");
    way.browser.sees("#diff", "What would be written");
    way.commit("Back to the start");
    way.browser.sees(".badge.mode", "Detect only");
    assert_eq!([way.send(XSS), way.send(NORMAL)], [200; 2]);
}
