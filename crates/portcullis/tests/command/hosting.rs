//! `deploy/`: validate.sh on good and bad sites, the pre-receive hook under a real push, the service manager's socket, health.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::{Origin, PATIENCE, Portcullis, Site, output, output_with};

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name)
}

/// A shell command with the binary of the tests where the scripts look for it, and nothing else of this machine's settings.
fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).env("PORTCULLIS", env!("CARGO_BIN_EXE_portcullis"));
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Ann"),
        ("GIT_AUTHOR_EMAIL", "ann@shop.test"),
        ("GIT_COMMITTER_NAME", "Ann"),
        ("GIT_COMMITTER_EMAIL", "ann@shop.test"),
    ] {
        command.env(name, value);
    }
    command
}

/// Rules that are valid in a site of their own.
const GOOD: [&str; 20] = [
    "",
    "# a comment alone",
    "SecAction \"id:1,phase:1,pass,nolog\"",
    "SecRule ARGS \"@rx a\" \"id:1,phase:2,deny,status:403\"",
    "SecRule ARGS \"@pm a b c\" \"id:1,phase:2,pass,log,msg:'m'\"",
    "SecRule ARGS:a \"!@streq b\" \"id:1,phase:2,pass,chain\"\nSecRule ARGS:c \"@contains d\" \"t:lowercase\"",
    "SecMarker END\nSecAction \"id:1,phase:1,pass,nolog,skipAfter:END2\"\nSecMarker END2",
    "<IfModule mod_security2.c>\nSecAction \"id:1,phase:1,pass,nolog\"\n</IfModule>",
    "<IfDefine NEVER>\nSecRule what is this\n</IfDefine>",
    "SecRuleEngine On\nSecRequestBodyAccess On",
    "SecDefaultAction \"phase:2,log,auditlog,deny,status:406\"\nSecRule ARGS \"@rx a\" \"id:1,phase:2,block\"",
    "SecRule REQUEST_HEADERS:User-Agent \"@beginsWith x\" \"id:1,phase:1,pass,setvar:tx.a=+1\"",
    "SecRule TX:a \"@ge 5\" \"id:1,phase:2,deny\"",
    "SecRule REMOTE_ADDR \"@ipMatch 10.0.0.0/8\" \"id:1,phase:1,pass,ctl:ruleEngine=DetectionOnly\"",
    "SecRule ARGS \"@rx a\" \"id:1,phase:2,deny\"\nSecRuleRemoveById 1",
    "SecRule ARGS \"@rx a\" \"id:1,phase:2,deny\"\nSecRuleUpdateTargetById 1 \"!ARGS:b\"",
    "SecRule ARGS \"@detectSQLi\" \"id:1,phase:2,deny,t:urlDecodeUni\"",
    "SecRule RESPONSE_STATUS \"@rx ^5\" \"id:1,phase:3,pass,log\"",
    "SecRule &ARGS \"@gt 100\" \"id:1,phase:2,deny\"",
    "SecRule ARGS \"@pmFromFile words.data\" \"id:1,phase:2,deny\"",
];

/// Rules with an error, and what its message names.
const BAD: [(&str, &str); 20] = [
    ("SecRul ARGS \"@rx a\" \"id:1\"", "SecRul"),
    ("SecRule ARGS \"@rx a\" \"phase:2,deny\"", "id"),
    ("SecRule ARGS \"@rx (a\" \"id:1,phase:2,deny\"", "(a"),
    ("SecRule ARGSS \"@rx a\" \"id:1,phase:2,deny\"", "ARGSS"),
    ("SecRule ARGS \"@rxx a\" \"id:1,phase:2,deny\"", "rxx"),
    ("SecRule ARGS \"@rx a\" \"id:1,phase:2,denny\"", "denny"),
    ("SecRule ARGS \"@rx a\" \"id:1,phase:2,deny,t:lowercas\"", "lowercas"),
    ("SecRule ARGS \"@rx a\" \"id:1,phase:2,deny\"\nSecRule ARGS \"@rx b\" \"id:1,phase:2,deny\"", "1"),
    ("SecRule ARGS \"@rx a\" \"id:x,phase:2,deny\"", "x"),
    ("SecRule ARGS \"@rx a\" \"id:1,phase:9,deny\"", "9"),
    ("SecRule ARGS \"@rx a", "10-test.conf"),
    ("<IfModule no_such_module>\nSecAction \"id:1,phase:1,pass,nolog\"", "IfModule"),
    ("SecRuleEngine Maybe", "Maybe"),
    ("SecRule ARGS \"@pmFromFile missing.data\" \"id:1,phase:2,deny\"", "missing.data"),
    ("Include missing.conf", "missing.conf"),
    ("<Location /shop>\nSecRuleEngine On", "Location"),
    ("</IfModule>", "IfModule"),
    ("SecRequestBodyLimit many", "many"),
    ("SecRule REMOTE_ADDR \"@ipMatch 10.0.0.0/99\" \"id:1,phase:1,deny\"", "10.0.0.0/99"),
    ("SecAction \"id:1,phase:1,pass,ctl:ruleEngin=On\"", "ruleEngin"),
];

fn site(rules: &str) -> Site {
    let site = Site::with("SecRuleEngine DetectionOnly\n", &format!("{rules}\n"));
    site.write("rules/activated_rules/words.data", "a\nb\n");
    site
}

fn validate(site: &Site) -> Output {
    command(deploy("validate.sh").to_str().unwrap(), site.root()).arg(site.root()).output().unwrap()
}

#[test]
fn validate_is_silent_for_good_sites_and_gives_reasons_for_bad_ones() {
    for rules in GOOD {
        let output = validate(&site(rules));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && output.stdout.is_empty() && said.is_empty(), "{rules}\n{said}");
    }
    for (rules, named) in BAD {
        let output = validate(&site(rules));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && output.stdout.is_empty(), "{rules}\n{said}");
        assert!(said.contains("error") && said.contains(named), "{rules}\n{said}");
    }
}

#[test]
fn validate_refuses_what_is_no_site_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let script = deploy("validate.sh");
    let output =
        command(script.to_str().unwrap(), folder.path()).arg(folder.path().join("no")).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty() && !output.stderr.is_empty());
    let site = site(GOOD[3]);
    let count = || fs::read_dir(site.root()).unwrap().count();
    let before = count();
    assert!(validate(&site).status.success());
    assert_eq!(count(), before);
}

/// Runs git; returns whether it succeeded, and what it said.
fn git(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = command("git", folder).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[track_caller]
fn done(folder: &Path, arguments: &[&str]) -> String {
    let (success, said) = git(folder, arguments);
    assert!(success, "git {arguments:?}: {said}");
    said
}

#[test]
fn a_push_with_a_broken_site_is_refused() {
    let folder = TempDir::new().unwrap();
    let (bare, work) = (folder.path().join("sites.git"), folder.path().join("work"));
    done(folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main", bare.to_str().unwrap()]);
    fs::copy(deploy("hooks/pre-receive"), bare.join("hooks/pre-receive")).unwrap();
    done(&bare, &["config", "portcullis.folder", "shop"]);
    done(folder.path(), &["init", "--quiet", "--initial-branch=main", work.to_str().unwrap()]);
    let rules = work.join("shop/rules/activated_rules");
    fs::create_dir_all(&rules).unwrap();
    fs::write(work.join("shop/modsecurity.conf"), "SecRuleEngine On\n").unwrap();
    // Attributes that would hide or change files in an archive or a checkout change nothing of what is checked.
    fs::write(work.join(".gitattributes"), "*.conf export-ignore eol=crlf\n").unwrap();
    let push = |rule: &str, branch: &str| {
        fs::write(rules.join("10-test.conf"), format!("{rule}\n")).unwrap();
        done(&work, &["add", "--all"]);
        done(&work, &["commit", "--quiet", "--allow-empty", "--message", rule]);
        git(&work, &["push", "--quiet", bare.to_str().unwrap(), &format!("HEAD:{branch}")])
    };
    let (good, bad) = ("SecAction \"id:1,phase:1,pass,nolog\"", "SecActoin \"id:1,phase:1,pass,nolog\"");
    assert_eq!(push(good, "refs/heads/main"), (true, String::new()));
    let first = done(&bare, &["rev-parse", "main"]);
    let (success, said) = push(bad, "refs/heads/main");
    assert!(!success && said.contains("SecActoin") && said.contains("refused: the site of main"), "{said}");
    assert_eq!(done(&bare, &["rev-parse", "main"]), first);
    // Tags and deletions are no sites; a branch that is not listed is not checked.
    assert!(push(bad, "refs/tags/broken").0);
    assert!(push(good, "refs/heads/main").0);
    assert!(push(good, "refs/heads/other").0);
    assert!(git(&work, &["push", "--quiet", bare.to_str().unwrap(), ":other"]).0);
    done(&bare, &["config", "portcullis.branches", "main production"]);
    assert!(push(bad, "refs/heads/draft").0);
    assert!(!push(bad, "refs/heads/production").0);
}

#[test]
fn a_bare_repository_is_checked_in_place() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop").to_str().unwrap().to_owned();
    assert!(output(&["init", &root]).status.success());
    let bare = folder.path().join("shop.git");
    done(folder.path(), &["clone", "--quiet", "--bare", &root, bare.to_str().unwrap()]);
    let check = output(&["check", bare.to_str().unwrap(), "--ref", "main"]);
    assert!(check.status.success() && check.stderr.is_empty(), "{check:?}");
}

#[test]
fn the_service_manager_hears_each_state() {
    let (site, origin) = (Site::new(), Origin::start());
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("notify");
    let manager = UnixDatagram::bind(&place).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let heard = || {
        let mut state = [0; 1024];
        let length = manager.recv(&mut state).unwrap();
        String::from_utf8_lossy(&state[..length]).into_owned()
    };
    let url = origin.url();
    let arguments = ["run", site.argument(), "--listen", "127.0.0.1:0", "--upstream", &url, "--watch=false"];
    let variables = [("NOTIFY_SOCKET", place.to_str().unwrap())];
    let process = Portcullis::start_in(Path::new("."), &arguments, &variables);
    assert_eq!(heard(), "READY=1\nSTATUS=1 rule, engine DetectionOnly");
    site.write("modsecurity.conf", "SecRuleEngine On\n");
    process.signal("HUP");
    assert_eq!([heard(), heard()], ["RELOADING=1", "READY=1\nSTATUS=1 rule, engine On"]);
    site.write("modsecurity.conf", "SecRuleEngine Perhaps\n");
    assert_eq!(output(&["reload", site.argument(), "--wait"]).status.code(), Some(1));
    let refused = "READY=1\nSTATUS=1 rule, engine On; the site as it is now has errors and is not in force";
    assert_eq!([heard(), heard()], ["RELOADING=1", refused]);
    process.signal("TERM");
    assert_eq!(heard(), "STOPPING=1\nSTATUS=draining");
    let mut process = process;
    assert!(process.end().0.success());
}

#[test]
fn a_container_asks_for_its_health() {
    let (site, origin) = (Site::new(), Origin::start());
    let (process, address) =
        Portcullis::run(site.argument(), &origin.url(), &["--health-path", "/.well-known/portcullis/health"]);
    let listens = address.to_string();
    let healthy = output(&["health", "--address", &listens]);
    assert!(
        healthy.status.success() && healthy.stdout.is_empty() && healthy.stderr.is_empty(),
        "{healthy:?}"
    );
    assert!(output_with(&["health"], &[("PORTCULLIS_LISTEN", &listens)]).status.success());
    assert!(output_with(&["health"], &[("PORT", &address.port().to_string())]).status.success());
    assert!(process.stop().0.success());
    let gone = output(&["health", "--address", &listens]);
    assert!(gone.status.code() == Some(1) && String::from_utf8_lossy(&gone.stderr).contains(&listens));
}

#[test]
fn the_unit_and_the_container_file_name_what_there_is() {
    let unit = fs::read_to_string(deploy("portcullis.service")).unwrap();
    for line in [
        "Type=notify",
        "ExecReload=/usr/bin/portcullis reload /var/lib/portcullis --wait",
        "NoNewPrivileges=yes",
    ] {
        assert!(unit.lines().any(|known| known == line), "{line}");
    }
    let file = fs::read_to_string(deploy("Containerfile")).unwrap();
    assert!(file.contains("USER 65532:65532") && file.contains("CMD [\"portcullis\", \"health\"]"));
    // Every command that they call is one of ours.
    for command in ["check", "run", "reload", "health"] {
        assert!(output(&[command, "--help"]).status.success(), "{command}");
    }
}
