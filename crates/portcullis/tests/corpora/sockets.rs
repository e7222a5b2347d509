//! The OWASP CRS's own tests over real sockets: the binary as it ships, between a client that writes raw bytes and an
//! origin that answers as the tests expect.
//!
//! The site is what `crs` compiles in process, written to a folder; every setting of the proxy is its default. What the
//! in-process run cannot see is seen here: how a request is read and refused, what reaches the origin, log lines of
//! phase 5, and that a broken request does not take its neighbours with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use portcullis_testkit::corpus;
use portcullis_testkit::origin::{Conversation, Origin};
use portcullis_testkit::suite::Suite;

use crate::crs;
use crate::ftw::{self, Answer, Asked};
use crate::support::{Portcullis, Site};

/// Version 4.
pub fn run_4() {
    run("crs-v4", crs::SET_UP_4, include_str!("crs_v4.skip"));
}

/// Version 3.
pub fn run_3() {
    run("crs-v3", crs::SET_UP_3, include_str!("crs_v3.skip"));
}

fn run(name: &str, set_up: &str, skips: &str) {
    let Some(folder) = corpus::folder(name) else { return };
    let Some(set) = corpus::fixture(name, "") else { return };
    let site = site(&set, set_up);
    let origin = Origin::conversing(converse);
    let (upstream, log) = (format!("http://{}", origin.address()), site.path("error.log"));
    let log_argument = log.to_str().expect("a plain path");
    let (process, address) = Portcullis::run(
        site.argument(),
        &upstream,
        &["--workers", "1", "--error-log", log_argument, "--access-log", "off"],
    );
    let url = format!("http://{address}");
    let report =
        ftw::run_over_sockets(&[folder.join("tests")], &url, &log, &BTreeMap::new()).expect("readable tests");
    let (status, said) = process.stop();
    assert!(status.success(), "{said}");
    let mut suite = Suite::new(&format!("{name} (sockets)"), skips);
    report.passes.iter().for_each(|test| suite.case(test, "", Ok(())));
    for failure in &report.failures {
        suite.case(&failure.test, &failure.file, Err(failure.reasons.join("; ")));
    }
    suite.finish();
}

/// The set as it is, under the settings of its test environment.
fn site(set: &Path, set_up: &str) -> Site {
    let settings = format!("{}SecUnicodeMapFile unicode.mapping 20127\nSecAuditEngine Off\n", crs::SETTINGS);
    let site = Site::with(&settings, "");
    fs::write(site.path("unicode.mapping"), include_bytes!("../../../../rules/unicode.mapping")).unwrap();
    let example = fs::read_to_string(set.join("crs-setup.conf.example")).expect("a set-up file");
    site.write("rules/activated_rules/000-setup.conf", &format!("{example}\n{set_up}{}", crs::SET_UP));
    for extension in ["conf", "data"] {
        for file in corpus::files(&set.join("rules"), extension).expect("rule files") {
            let name = file.file_name().expect("a file name");
            fs::copy(&file, site.path("rules/activated_rules").join(name)).unwrap();
        }
    }
    site
}

/// Answers as the origin of the in-process run does.
pub fn converse(conversation: &mut Conversation) {
    while let Some((head, body)) = conversation.request_parts() {
        let line = head.split(|&b| b == b'\r').next().unwrap_or_default();
        let mut words = line.split(|&b| b == b' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let answer = ftw::origin_answer(&Asked { method, target, body: &body });
        if !conversation.send(&message(&answer, method)) {
            return;
        }
    }
}

fn message(answer: &Answer, method: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} X\r\n", answer.status);
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let bodiless = answer.status < 200 || matches!(answer.status, 204 | 304);
    if !bodiless {
        text.push_str(&format!("Content-Length: {}\r\n", answer.body.len()));
    }
    let mut message = format!("{text}\r\n").into_bytes();
    if !bodiless && method != b"HEAD" {
        message.extend_from_slice(&answer.body);
    }
    message
}
