//! The scripted tour of a site's life (docs/tour.md tells it): after each step the history, the list of rule sets and a request
//! through the proxy say the same thing.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use portcullis_testkit::corpus;
use tempfile::TempDir;

use crate::support::{Origin, Portcullis, exchange, output, status};

const SQLI: &str = "modsecurity_crs_41_sql_injection_attacks.conf";
const XSS: &str = "modsecurity_crs_41_xss_attacks.conf";
const CSRF: &str = "modsecurity_crs_43_csrf_protection.conf";
const ATTACK: &str = "/?q=%3Cscript%3Ealert(1)%3C/script%3E";

/// A site, and what commands say of it.
struct Tour {
    root: String,
    _folder: TempDir,
}

impl Tour {
    #[track_caller]
    fn said(&self, arguments: &[&str]) -> String {
        let words: Vec<&str> =
            arguments.iter().map(|word| if *word == "S" { &self.root } else { *word }).collect();
        let output = output(&words);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str]) -> String {
        let words: Vec<&str> =
            arguments.iter().map(|word| if *word == "S" { &self.root } else { *word }).collect();
        let output = output(&words);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Subjects of the newest commits, the newest first, as `history` and `git log` tell them.
    #[track_caller]
    fn subjects(&self, count: usize) -> Vec<String> {
        let said = self.said(&["history", "S", "--json"]);
        let subject = |line: &str| {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            entry["subject"].as_str().unwrap().to_owned()
        };
        let subjects: Vec<String> = said.lines().take(count).map(subject).collect();
        let mut git = Command::new("git");
        git.args(["-C", &self.root, "log", "--format=%s", "-n", &count.to_string()]);
        let told = String::from_utf8(git.output().unwrap().stdout).unwrap();
        assert_eq!(told.lines().collect::<Vec<_>>(), subjects);
        subjects
    }

    /// State of a set, and whether it was edited.
    fn set(&self, name: &str) -> (String, bool) {
        let sets: serde_json::Value =
            serde_json::from_str(&self.said(&["rules", "list", "S", "--json"])).unwrap();
        let set = sets.as_array().unwrap().iter().find(|set| set["name"] == name).unwrap();
        (set["state"].as_str().unwrap().to_owned(), set["edited"].as_bool().unwrap())
    }

    fn reload(&self) {
        self.said(&["reload", "S", "--wait"]);
    }
}

/// The status of an answer to a browser.
fn browse(address: SocketAddr, target: &str) -> u16 {
    let headers = "Host: shop.test\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\nConnection: close";
    status(&exchange(address, &format!("GET {target} HTTP/1.1\r\n{headers}\r\n\r\n")))
}

fn answer(address: SocketAddr) -> u16 {
    browse(address, ATTACK)
}

#[test]
fn from_init_to_restore() {
    let Some(crs) = corpus::folder("crs-v2") else { return };
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop").to_str().unwrap().to_owned();
    let tour = Tour { root, _folder: folder };
    tour.said(&["init", "S", "--crs", crs.to_str().unwrap()]);
    let first = tour.said(&["history", "S"]).split(' ').next().unwrap().to_owned();
    assert_eq!(tour.said(&["diff", "S"]), "");
    let first_states = [tour.set(SQLI).0, tour.set(XSS).0, tour.set(CSRF).0];

    let origin = Origin::start();
    let (mut process, address) = Portcullis::run(&tour.root, &origin.url(), &["--watch=false"]);
    assert_eq!((answer(address), tour.said(&["mode", "S"]).as_str()), (200, "detect\n"));

    // Protect: the attack is refused.
    tour.said(&["mode", "S", "protect"]);
    tour.reload();
    assert_eq!(tour.subjects(1), ["Switch to protection"]);
    assert_eq!(answer(address), 403);

    // A set off and on again; the file that runs is the source's.
    tour.said(&["rules", "disable", "S", SQLI]);
    assert_eq!(
        (tour.set(SQLI), tour.subjects(1)),
        (("off".to_owned(), false), vec![format!("Disable {SQLI}")])
    );
    tour.said(&["rules", "enable", "S", SQLI]);
    assert_eq!(
        (tour.set(SQLI), tour.subjects(1)),
        (("protect".to_owned(), false), vec![format!("Enable {SQLI}")])
    );
    assert_eq!(tour.said(&["rules", "diff", "S", SQLI]), "");

    // A set in detection: its lines are marked, and it does not block. (Two others would block this request before it.)
    tour.said(&["rules", "disable", "S", SQLI]);
    tour.said(&["rules", "disable", "S", CSRF]);
    tour.said(&["rules", "detect", "S", XSS]);
    assert_eq!((tour.set(XSS).0.as_str(), tour.subjects(1)), ("detect", vec![format!("Let {XSS} detect")]));
    tour.reload();
    assert_eq!(answer(address), 200);
    process.error_line("[tag \"portcullis/detect\"]");
    tour.said(&["rules", "protect", "S", XSS]);
    assert_eq!(tour.set(XSS).0, "protect");
    tour.reload();
    assert_eq!(answer(address), 403);

    // An edit by hand is seen, kept and not thrown away.
    let own = Path::new(&tour.root).join("rules/activated_rules/99-own.conf");
    fs::write(&own, "SecRule ARGS:q \"@streq tea\" \"id:1,phase:2,deny,status:410\"\n").unwrap();
    tour.reload();
    assert_eq!(browse(address, "/?q=tea"), 410);
    assert_eq!(tour.set("99-own.conf").0, "protect");
    assert!(tour.said(&["diff", "S"]).contains("+++ b/rules/activated_rules/99-own.conf"));
    assert!(tour.refused(&["restore", "S", &first]).contains("added rules/activated_rules/99-own.conf"));
    assert!(tour.refused(&["rules", "disable", "S", "99-own.conf"]).contains("--force"));

    // Broken: refused, and the old one serves.
    fs::write(&own, "SecRule ARGS:q \"@rx (\" \"id:1,phase:2,deny,status:410\"\n").unwrap();
    assert!(tour.refused(&["reload", "S", "--wait"]).contains("99-own.conf:1:"));
    assert_eq!(browse(address, "/?q=tea"), 410);
    assert!(tour.refused(&["mode", "S", "detect"]).contains("the mode stays as it was"));
    assert_eq!(tour.subjects(1), [format!("Let {XSS} protect")]);
    // Fixed.
    fs::write(&own, "SecRule ARGS:q \"@rx ^tea$\" \"id:1,phase:2,deny,status:406\"\n").unwrap();
    tour.reload();
    assert_eq!(browse(address, "/?q=tea"), 406);

    // The first version again, as a new commit; what was not committed is kept in one of its own.
    tour.said(&["restore", "S", &first, "--keep"]);
    tour.reload();
    assert_eq!(tour.subjects(2), [format!("Restore {first}"), "Keep edits made by hand".to_owned()]);
    assert_eq!((answer(address), tour.said(&["mode", "S"]).as_str()), (200, "detect\n"));
    assert!(!own.exists());
    assert_eq!([tour.set(SQLI).0, tour.set(XSS).0, tour.set(CSRF).0], first_states);
    assert!(output(&["check", &tour.root, "--ref", "HEAD~1"]).status.success());
}

#[test]
fn a_branch_is_followed_and_a_bad_commit_never_runs() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop").to_str().unwrap().to_owned();
    let elsewhere = folder.path().join("instance").to_str().unwrap().to_owned();
    let tour = Tour { root, _folder: folder };
    tour.said(&["init", "S"]);
    let (origin, url) = (Origin::start(), format!("file://{}", tour.root));
    let arguments = ["--repo", &url, "--branch", "main", "--poll", "100ms"];
    let (mut process, address) = Portcullis::run(&elsewhere, &origin.url(), &arguments);
    assert_eq!(answer(address), 200);
    tour.said(&["mode", "S", "protect"]);
    process.error_line("\"Switch to protection\"): same rules;");
    assert_eq!(answer(address), 403);
    // A commit that the commands would not have made.
    let own = Path::new(&tour.root).join("rules/activated_rules/99-own.conf");
    fs::write(&own, "SecRule ARGS \"@rx (\" \"id:1\"\n").unwrap();
    let site = Path::new(&tour.root);
    let history = portcullis_site::history::History::expect(site).unwrap();
    history.record([Path::new("rules/activated_rules/99-own.conf")], "Break it").unwrap().unwrap();
    process.error_line("\"Break it\"): the site has errors; the rules loaded before stay in force");
    assert_eq!(answer(address), 403);
    fs::remove_file(own).unwrap();
    history.record([Path::new("rules/activated_rules/99-own.conf")], "Mend it").unwrap().unwrap();
    tour.said(&["mode", "S", "detect"]);
    process.error_line("\"Switch to detection\"): same rules;");
    assert_eq!(answer(address), 200);
}

#[test]
fn a_revision_runs_without_a_checkout() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop").to_str().unwrap().to_owned();
    let tour = Tour { root, _folder: folder };
    tour.said(&["init", "S"]);
    tour.said(&["mode", "S", "protect"]);
    tour.said(&["mode", "S", "detect"]);
    let origin = Origin::start();
    let (_process, address) = Portcullis::run(&tour.root, &origin.url(), &["--ref", "HEAD~1"]);
    assert_eq!(answer(address), 403);
    assert_eq!(tour.said(&["mode", "S"]), "detect\n");
}
