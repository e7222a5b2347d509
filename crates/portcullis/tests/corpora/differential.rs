//! The same requests through Apache with ModSecurity 2.9.7 and through the binary: per test of the CRS the same set of rule
//! ids and the same status.
//!
//! `PORTCULLIS_PEERS` names a folder of scripts: `up.sh apache KEY=VALUE…` starts the reference and `down.sh apache`
//! stops it, as `PEERS_STATE`, `PORT`, `BACKEND`, `FTW`, `CRS` and `EXTRA` say. Without it this is skipped, because it
//! takes minutes. `cargo xtask differential` sets it. Both sides read one configuration, the one the reference got, and
//! ask one origin. What is known to differ is a line in `differential_*.skip` and stands in `docs/differences.md`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_testkit::corpus;
use portcullis_testkit::origin::Origin;
use portcullis_testkit::suite::Suite;
use tempfile::TempDir;

use crate::ftw::{self, Seen};
use crate::support::{Portcullis, Site, exchange};
use crate::{scenarios, sockets};

/// The rule that marks where a test begins and ends in the log.
const MARKER: &str = r#"SecRule REQUEST_HEADERS:X-CRS-Test "@rx ^.*$" "id:999999,phase:1,pass,t:none,log,msg:'%{MATCHED_VAR}',ctl:ruleRemoveById=1-999999"
"#;

/// CRS 4 with its own tests, at paranoia level 4.
pub fn run_4() {
    run("v4", &["crs-v4"], include_str!("differential_v4.skip"));
}

/// CRS 2.2.9, base and optional rules, with the tests of the later versions.
pub fn run_2() {
    run("v2", &["crs-v3", "crs-v4"], include_str!("differential_v2.skip"));
}

fn run(set: &str, tests: &[&str], skips: &str) {
    let Some(scripts) = std::env::var_os("PORTCULLIS_PEERS").map(PathBuf::from) else {
        println!("skipped: PORTCULLIS_PEERS names no reference to compare with");
        return;
    };
    let Some(rules) = corpus::folder(&format!("crs-{set}")) else { return };
    let folders: Option<Vec<(&str, PathBuf)>> =
        tests.iter().map(|name| corpus::folder(name).map(|folder| (*name, folder.join("tests")))).collect();
    let Some(mut folders) = folders else { return };
    let scenarios = tempfile::tempdir().unwrap();
    scenarios::write(scenarios.path());
    folders.push(("scenarios", scenarios.path().to_path_buf()));
    let origin = Origin::conversing(sockets::converse);
    let reference = Reference::start(scripts, set, origin.address().port());
    let theirs =
        ftw::observe_over_sockets(&folders, &reference.url(), &reference.log()).expect("the reference");
    let site = site(&reference.run(), &rules, set);
    let log = site.path("error.log");
    let upstream = format!("http://{}", origin.address());
    let flags = ["--workers", "1", "--error-log", log.to_str().unwrap(), "--access-log", "off"];
    let (process, address) = Portcullis::run(site.argument(), &upstream, &flags);
    // The scripts have asked the reference whether it answers; what rules count must be equal.
    let probe =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: up.sh\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    exchange(address, probe);
    let ours = ftw::observe_over_sockets(&folders, &format!("http://{address}"), &log).expect("the binary");
    drop(process);
    assert_eq!(ours.len(), theirs.len());
    let mut suite = Suite::new(&format!("crs-{set} (differential)"), skips);
    ours.iter().zip(&theirs).for_each(|(ours, theirs)| suite.case(&ours.request, "", compare(ours, theirs)));
    suite.finish();
}

fn compare(ours: &Seen, theirs: &Seen) -> Result<(), String> {
    let lacks = |from: &Seen, other: &Seen| -> Vec<u64> {
        other.ids.iter().copied().filter(|id| !from.ids.contains(id)).collect()
    };
    let (missing, surplus) = (lacks(ours, theirs), lacks(theirs, ours));
    if missing.is_empty() && surplus.is_empty() && ours.status == theirs.status {
        return Ok(());
    }
    Err(format!(
        "status {} beside {}; rules missing {missing:?}, surplus {surplus:?}",
        ours.status, theirs.status
    ))
}

/// A running reference; it is stopped when this is dropped.
struct Reference {
    scripts: PathBuf,
    state: TempDir,
    port: u16,
}

impl Reference {
    fn start(scripts: PathBuf, set: &str, origin: u16) -> Self {
        let state = tempfile::tempdir().unwrap();
        // The reference's workers are another user.
        fs::set_permissions(state.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let reference = Self { scripts, state, port };
        let extra = reference.state.path().join("marker.conf");
        fs::write(&extra, MARKER).unwrap();
        let mut values = vec![
            "FTW=1".to_owned(),
            format!("CRS={set}"),
            format!("PORT={port}"),
            format!("BACKEND={origin}"),
            "AUDIT=Off".to_owned(),
        ];
        if set == "v2" {
            values.push(format!("EXTRA={}", extra.display()));
        }
        let status = reference.script("up.sh").args(values).status().expect("a shell");
        assert!(status.success(), "the reference does not start");
        reference
    }

    fn script(&self, name: &str) -> Command {
        let mut command = Command::new(self.scripts.join(name));
        command.arg("apache").env("PEERS_STATE", self.state.path());
        command
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn log(&self) -> PathBuf {
        self.state.path().join("apache/logs/error.log")
    }

    /// Where its configuration stands.
    fn run(&self) -> PathBuf {
        self.state.path().join("apache/run")
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.script("down.sh").status();
    }
}

/// The reference's configuration as a site.
fn site(run: &Path, rules: &Path, set: &str) -> Site {
    let text = fs::read_to_string(run.join("modsecurity.conf")).expect("what the reference reads");
    // Folders of the reference's own, and what a site has its own way for.
    let foreign =
        ["SecUnicodeMapFile", "SecUploadKeepFiles", "SecUploadDir", "SecDataDir", "SecDebugLog", "SecAudit"];
    let mut settings: String = text
        .lines()
        .filter(|line| !foreign.iter().any(|name| line.starts_with(name)))
        .flat_map(|line| [line, "\n"])
        .collect();
    settings.push_str("SecUnicodeMapFile unicode.mapping 20127\n");
    let site = Site::with(&settings, "");
    fs::copy(run.join("unicode.mapping"), site.path("unicode.mapping")).expect("the reference's map");
    let active = site.path("rules/activated_rules");
    fs::copy(run.join("crs-setup.conf"), active.join("0-setup.conf")).expect("the reference's set-up");
    let folders: &[&str] = if set == "v2" { &["base_rules", "optional_rules"] } else { &["rules"] };
    for (at, folder) in folders.iter().enumerate() {
        for extension in ["conf", "data", "lua"] {
            let folder = rules.join(folder);
            let files =
                fs::read_dir(&folder).expect("rule files").map(|entry| entry.expect("readable").path());
            for file in files.filter(|file| file.extension().is_some_and(|found| found == extension)) {
                let name = file.file_name().unwrap().to_str().unwrap();
                // The reference reads folder after folder.
                let name = if extension == "conf" { format!("{}-{name}", at + 1) } else { name.to_owned() };
                fs::copy(&file, active.join(name)).unwrap();
            }
        }
    }
    if set == "v2" {
        site.write("rules/activated_rules/9-marker.conf", MARKER);
    }
    site
}
