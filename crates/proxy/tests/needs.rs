//! What transactions ask of the outside world: collections, programs, names, pauses.

mod support;

use portcullis_proxy::{Notice, Settings};
use portcullis_state::{Answer, CollectionUpdate, Store, StoreError, StoredMembers};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Bench, OK, alerts, http, shown};

const GET: &str = "GET / HTTP/1.1\nHost: h\n\n";

#[test]
fn collections_live_from_request_to_request() {
    let rules = "SecAction \"id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.hits=+1\"\n\
                 SecRule IP:hits \"@ge 3\" \"id:2,phase:2,deny\"";
    let running = Bench::new(rules).answering(OK);
    for (number, status) in ["200", "200", "403", "403"].into_iter().enumerate() {
        let got = shown(&running.talk(&http(GET)));
        assert!(got.starts_with(&format!("HTTP/1.1 {status}")), "{number}: {got}");
        // Phase 5 and the store come behind the answer, and before this.
        running.exchange();
    }
}

/// A store that is broken, or never answers.
struct Broken {
    answers: bool,
}

impl Broken {
    fn answer<T: Send + 'static>(&self) -> Answer<'static, T> {
        if self.answers {
            let error = StoreError::RecordFull { collection: "ip".to_owned(), left_out: 1 };
            Box::pin(std::future::ready(Err(error)))
        } else {
            Box::pin(std::future::pending())
        }
    }
}

impl Store for Broken {
    fn load<'a>(&'a self, _: &'a [u8], _: &'a [u8], _: i64) -> Answer<'a, Option<StoredMembers>> {
        self.answer()
    }

    fn apply<'a>(&'a self, _: &'a CollectionUpdate, _: i64) -> Answer<'a, ()> {
        self.answer()
    }
}

#[test]
fn a_store_that_fails_touches_no_request() {
    for answers in [true, false] {
        let rules = "SecAction \"id:1,phase:1,pass,nolog,initcol:ip=x,setvar:ip.hits=+1\"";
        let quick = |settings: &mut Settings| settings.timeouts.store = Duration::from_millis(40);
        let running = Bench::new(rules).with(quick).storing(Arc::new(Broken { answers })).answering(OK);
        assert_eq!(shown(&running.talk(&http(GET))), shown(&http(OK)));
        assert!(running.exchange().error.is_none());
        for _ in 0..2 {
            let notice = running.notice();
            assert!(
                matches!(&notice, Notice::StoreFailed { collection, .. } if collection == "ip"),
                "{notice}"
            );
        }
    }
}

/// An executable script.
fn script(directory: &Path, text: &str) -> String {
    let path = directory.join("script");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path.display().to_string()
}

#[test]
fn programs_run_with_the_request_in_their_environment() {
    let directory = tempfile::tempdir().unwrap();
    let seen = directory.path().join("seen");
    let path = script(
        directory.path(),
        &format!("echo \"$REQUEST_METHOD $REQUEST_URI $HOME\" > {}; echo done", seen.display()),
    );
    let running = Bench::new(&format!("SecAction \"id:1,phase:2,pass,exec:{path}\"")).answering(OK);
    assert_eq!(shown(&running.talk(&http("GET /a?b HTTP/1.1\nHost: h\n\n"))), shown(&http(OK)));
    assert_eq!(fs::read_to_string(seen).unwrap(), "GET /a?b \n");
    let exchange = running.exchange();
    assert_eq!((alerts(&exchange), exchange.record.alerts.len()), (vec![1], 1));
}

#[test]
fn a_program_that_cannot_be_used_is_logged_and_the_request_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    for (text, limit, reason) in [
        ("exec cat /dev/zero", 20_000, "prints more than 1000 bytes"),
        ("exec sleep 1000", 50, "runs longer than 50 ms"),
        ("exit 0", 20_000, "no output"),
    ] {
        let limits = |settings: &mut Settings| {
            settings.timeouts.program = Duration::from_millis(limit);
            settings.limits.program_output = 1000;
        };
        let path = script(directory.path(), text);
        let started = Instant::now();
        let running =
            Bench::new(&format!("SecAction \"id:1,phase:2,pass,exec:{path}\"")).with(limits).answering(OK);
        assert_eq!(shown(&running.talk(&http(GET))), shown(&http(OK)));
        let lines: Vec<String> = running.exchange().record.alerts.iter().map(|a| shown(&a.text)).collect();
        assert!(lines.iter().any(|line| line.contains(reason)), "{lines:?}");
        assert!(started.elapsed() < Duration::from_secs(100));
    }
    let running = Bench::new("SecAction \"id:1,phase:2,pass,exec:/nonexistent/x\"").answering(OK);
    assert_eq!(shown(&running.talk(&http(GET))), shown(&http(OK)));
}

#[test]
fn a_pause_holds_the_answer_back_and_nobody_else() {
    let rules = "SecRule ARGS:slow \"@streq 1\" \"id:1,phase:1,deny,pause:300\"";
    let running = Bench::new(rules).answering(OK);
    let started = Instant::now();
    let mut slow = running.connect();
    slow.send(&http("GET /?slow=1 HTTP/1.1\nHost: h\n\n"));
    // The same worker serves others meanwhile.
    running.talk(&http(GET));
    assert!(running.exchange().record.interception.is_none());
    assert!(slow.bytes(12).starts_with(b"HTTP/1.1 403"));
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[test]
fn names_are_looked_up() {
    // `localhost` resolves everywhere; what stands before it never does.
    let rules = "SecRule REMOTE_ADDR \"@rbl no-such-zone.invalid\" \"id:1,phase:1,deny\"\n\
                 SecRule ARGS:name \"@rbl localhost\" \"id:2,phase:1,pass\"";
    let quick = |settings: &mut Settings| settings.timeouts.lookup = Duration::from_secs(3);
    let running = Bench::new(rules).with(quick).answering(OK);
    assert_eq!(shown(&running.talk(&http(GET))), shown(&http(OK)));
}

#[test]
fn scripts_decide_and_are_stopped_when_they_run_too_long() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rule.lua");
    let rules = format!("SecRuleScript {} \"id:1,phase:1,deny,status:406\"", path.display());
    let quick = |settings: &mut Settings| settings.timeouts.script = Duration::from_millis(50);
    fs::write(&path, "function main() return m.getvar('ARGS.a') end").unwrap();
    let running = Bench::new(&rules).answering(OK);
    assert!(running.talk(&http("GET /?a=1 HTTP/1.1\nHost: h\n\n")).starts_with(b"HTTP/1.1 406"));
    fs::write(&path, "function main() while true do end end").unwrap();
    let running = Bench::new(&rules).with(quick).answering(OK);
    assert_eq!(shown(&running.talk(&http(GET))), shown(&http(OK)));
    let lines: Vec<String> = running.exchange().record.alerts.iter().map(|a| shown(&a.text)).collect();
    assert!(lines.iter().any(|line| line.contains("runs too long")), "{lines:?}");
}

#[test]
fn uploaded_files_lie_on_disk_while_rules_look_at_them_and_stay_when_they_are_wanted() {
    let (temporary, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let judge = script(directory.path(), "grep -q evil \"$1\" && echo \"0 evil\" || echo \"1 clean\"");
    let rules = format!(
        "SecRequestBodyAccess On\nSecTmpDir {}\nSecUploadDir {}\nSecUploadKeepFiles RelevantOnly\n\
         SecRule FILES_TMPNAMES \"@inspectFile {judge}\" \"id:1,phase:2,deny\"",
        temporary.path().display(),
        kept.path().display(),
    );
    let count = |folder: &Path| fs::read_dir(folder).unwrap().count();
    let running = Bench::new(&rules).answering(OK);
    for (content, status, files) in [("good", "200", 0), ("evil", "403", 1)] {
        let disposition = "Content-Disposition: form-data; name=\"f\"; filename=\"a\"";
        let body = format!("--b\r\n{disposition}\r\n\r\n{content}\r\n--b--\r\n");
        let head = http("POST / HTTP/1.1\nHost: h\nContent-Type: multipart/form-data; boundary=b\n");
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        let got = shown(&running.talk(&[head.as_slice(), length.as_bytes(), body.as_bytes()].concat()));
        assert!(got.starts_with(&format!("HTTP/1.1 {status}")), "{got}");
        running.exchange();
        assert_eq!((count(temporary.path()), count(kept.path())), (0, files));
    }
}

#[test]
fn uploaded_files_that_no_rule_sees_are_written_when_they_are_kept() {
    let (temporary, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let missing = temporary.path().join("missing");
    let upload = |tmp_dir: &Path, name: &str| {
        let rules = format!(
            "SecRequestBodyAccess On\nSecTmpDir {}\nSecUploadDir {}\nSecUploadKeepFiles RelevantOnly\n\
             SecRule FILES \"@streq evil\" \"id:1,phase:2,deny\"",
            tmp_dir.display(),
            kept.path().display(),
        );
        let running = Bench::new(&rules).answering(OK);
        let disposition = format!("Content-Disposition: form-data; name=\"f\"; filename=\"{name}\"");
        let body = format!("--b\r\n{disposition}\r\n\r\ncontent\r\n--b--\r\n");
        let head = http("POST / HTTP/1.1\nHost: h\nContent-Type: multipart/form-data; boundary=b\n");
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        let got = shown(&running.talk(&[head.as_slice(), length.as_bytes(), body.as_bytes()].concat()));
        (got.get(..12).unwrap_or_default().to_owned(), running.exchange().record.alerts.len())
    };
    // Where they could not be written nobody tries.
    assert_eq!(upload(&missing, "good"), ("HTTP/1.1 200".to_owned(), 0));
    assert_eq!(upload(temporary.path(), "evil"), ("HTTP/1.1 403".to_owned(), 1));
    let files: Vec<_> = fs::read_dir(kept.path()).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    assert_eq!(fs::read(file).unwrap(), b"content");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}
