//! Requests of the CRS's own tests through the whole rule set, here and in the reference: every log line must agree.
//!
//! The rule set stands at paranoia level 1, once protecting and once detecting, and at level 4. The requests and the
//! answers of the test origin are recorded by playing the tests against an engine without rules.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use portcullis_engine::RuleSet;
use portcullis_testkit::corpus;
use portcullis_testkit::rules::Source;
use serde_json::{Value, json};

use super::case::latin1;
use super::ftw::{self, Answer, Asked, InProcess, Outcome};
use super::in_process::InProcessSite;
use super::ours::{self, Seen};
use super::peer::{self, Peer};

/// A request of a test and what the origin says to it.
struct Exchange {
    request: Vec<u8>,
    answer: Answer,
}

/// Compares `count` requests spread over the tests of a rule set under each setting.
pub fn run(peer: &Peer, name: &str, count: usize) {
    let Some(folder) = corpus::folder(name) else { return };
    let exchanges = recorded(&folder);
    let step = exchanges.len().div_ceil(count).max(1);
    let chosen: Vec<&Exchange> = exchanges.iter().step_by(step).collect();
    let mut failures = 0;
    for (level, mode) in [(1, "On"), (1, "DetectionOnly"), (4, "DetectionOnly")] {
        failures += compare(peer, &folder, level, mode, &chosen);
    }
    assert!(failures == 0, "{failures} requests disagree");
}

/// The configuration as one file, which both sides load.
fn configuration(folder: &Path, level: u8, mode: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".conf").tempfile().expect("a temporary file");
    let variable = if folder.ends_with("crs-v3") { "paranoia_level" } else { "blocking_paranoia_level" };
    let text = format!(
        "SecRuleEngine {mode}\n\
         SecRule REQUEST_HEADERS:Content-Type \"^(?:application(?:/soap\\+|/)|text/)xml\" \
         \"id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML\"\n\
         SecRule REQUEST_HEADERS:Content-Type \"^application/json\" \
         \"id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON\"\n\
         SecRule REQBODY_ERROR \"!@eq 0\" \"id:200002,phase:2,t:none,log,deny,status:400,\
         msg:'Failed to parse request body.',logdata:'%{{reqbody_error_msg}}',severity:2\"\n\
         SecRule MULTIPART_STRICT_ERROR \"!@eq 0\" \"id:200003,phase:2,t:none,log,deny,status:400,msg:'strict'\"\n\
         Include {folder}/crs-setup.conf.example\n\
         SecAction \"id:900000,phase:1,pass,t:none,nolog,setvar:tx.{variable}={level}\"\n\
         Include {folder}/rules/*.conf\n",
        folder = folder.display(),
    );
    file.write_all(text.as_bytes()).expect("a writable file");
    // The reference's server reads it as another user.
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(file.path(), readable).expect("a file of ours");
    file
}

fn compare(peer: &Peer, folder: &Path, level: u8, mode: &str, exchanges: &[&Exchange]) -> usize {
    let file = configuration(folder, level, mode);
    let rules = rules(file.path());
    let cases: Vec<Value> = exchanges.iter().enumerate().map(|(id, exchange)| exchange.json(id)).collect();
    let path = file.path().to_str().expect("a plain path");
    let answers = peer.ask_with(&cases, &["--conf", path]);
    let (mut lines, mut compared, mut failures) = (0, 0, 0);
    for (exchange, answer) in exchanges.iter().zip(&answers) {
        assert!(answer.config_error.is_none(), "{:?}", answer.config_error);
        if answer.broken.is_some() {
            continue;
        }
        compared += 1;
        lines += answer.rule_lines.len();
        let seen = exchange.run(&rules);
        if !agrees(answer, &seen) {
            failures += 1;
            if failures <= 5 {
                show(exchange, answer, &seen);
            }
        }
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    println!(
        "{name}, level {level}, {mode}: compared {compared} requests ({lines} log lines), {failures} disagree"
    );
    assert!(compared > 0, "no request was compared");
    failures
}

fn agrees(answer: &peer::Answer, seen: &Seen) -> bool {
    answer.rule_lines == seen.rule_lines
        && answer.other_lines == seen.other_lines
        && answer.status == seen.status
}

fn rules(file: &Path) -> Arc<RuleSet> {
    let source = Source::new().text("/settings.conf", ours::SETTINGS).file(file);
    Arc::new(source.compile(ours::compatibility()).unwrap_or_else(|errors| panic!("{errors}")))
}

impl Exchange {
    fn json(&self, id: usize) -> Value {
        let reason = portcullis_http1::reason(self.answer.status).unwrap_or("");
        json!({
            "id": id,
            "request": latin1(&self.request),
            "response": {
                "status": self.answer.status,
                "reason": reason,
                "headers": self.answer.headers,
                "body": latin1(&self.answer.body),
            },
        })
    }

    fn run(&self, rules: &Arc<RuleSet>) -> Seen {
        let answer = ours::as_sent(self.request.starts_with(b"HEAD "), &self.answer);
        ours::exchange(InProcessSite::new(Arc::clone(rules)).comparing(), &self.request, &answer)
    }
}

fn show(exchange: &Exchange, answer: &peer::Answer, seen: &Seen) {
    println!("=== request\n{}", latin1(&exchange.request));
    println!("--- reference: status {}", answer.status);
    answer.rule_lines.iter().chain(&answer.other_lines).for_each(|line| println!("    {}", latin1(line)));
    println!("--- ours: status {}", seen.status);
    seen.rule_lines.iter().chain(&seen.other_lines).for_each(|line| println!("    {}", latin1(line)));
}

/// Every request that the tests of a folder send.
fn recorded(folder: &Path) -> Vec<Exchange> {
    let none = Source::new().compile(ours::compatibility()).expect("an empty configuration");
    let mut recorder = Recorder { site: InProcessSite::new(Arc::new(none)), exchanges: RefCell::default() };
    ftw::run_in_process(&[folder.join("tests")], &mut recorder, &BTreeMap::new()).expect("readable tests");
    recorder.exchanges.into_inner()
}

/// An engine that judges nothing and remembers what it is sent.
struct Recorder {
    site: InProcessSite,
    exchanges: RefCell<Vec<Exchange>>,
}

impl InProcess for Recorder {
    fn run(&mut self, request: &[u8], origin: &dyn Fn(&Asked<'_>) -> Answer) -> anyhow::Result<Outcome> {
        let exchanges = &self.exchanges;
        self.site.run(request, &|asked| {
            let answer = origin(asked);
            exchanges.borrow_mut().push(Exchange { request: request.to_vec(), answer: answer.clone() });
            answer
        })
    }
}
