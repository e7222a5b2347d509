//! The reference: a script that puts Apache with mod_security2 behind a JSON-lines interface.
//!
//! It is looked for where `PORTCULLIS_ORACLE` says, else beside the workspace. A case goes in as one line and comes back
//! as one: status, error-log lines, or why its rules do not load.

use super::case::{Case, bytes};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Rule sets to one start of the server. One that does not load makes it start again, so large batches do not pay.
pub const BATCH: usize = 100;

/// The script.
pub struct Peer {
    script: PathBuf,
}

/// What the reference did.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Why the rules do not load.
    pub config_error: Option<String>,
    /// The run itself failed (a crash of the server, say); nothing can be compared.
    pub broken: Option<String>,
    pub status: u16,
    /// Lines of rules, from behind `ModSecurity: `.
    pub rule_lines: Vec<Vec<u8>>,
    /// Lines of the module's own.
    pub other_lines: Vec<Vec<u8>>,
    /// The file that the rules were loaded from.
    pub file: Option<String>,
    /// The entry in the audit log, where it was asked for.
    pub audit: Option<String>,
}

impl Peer {
    /// The reference, or why it is not here.
    pub fn find() -> Result<Peer, String> {
        let script = std::env::var_os("PORTCULLIS_ORACLE").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/peers/oracle.py"),
            PathBuf::from,
        );
        if !script.is_file() {
            return Err(format!("no {}", script.display()));
        }
        for part in ["/usr/sbin/apache2", "/usr/lib/apache2/modules/mod_security2.so"] {
            if !Path::new(part).exists() {
                return Err(format!("{part} is not installed"));
            }
        }
        Ok(Peer { script })
    }

    /// Answers to all cases, in order.
    pub fn ask(&self, cases: &[Case]) -> Vec<Answer> {
        let ask = |batch: &[Case]| {
            let cases: Vec<Value> = batch.iter().enumerate().map(|(id, case)| case.json(id)).collect();
            self.ask_with(&cases, &[])
        };
        cases.chunks(BATCH).flat_map(ask).collect()
    }

    /// Answers to cases in the reference's own form, with further arguments of the script.
    pub fn ask_with(&self, cases: &[Value], arguments: &[&str]) -> Vec<Answer> {
        let mut child = Command::new(&self.script)
            .args(["--cases", "-", "--timeout", "5"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the reference starts");
        let mut input = child.stdin.take().expect("a pipe");
        let text: String = cases.iter().map(|case| case.to_string() + "\n").collect();
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
        let output = child.wait_with_output().expect("the reference ends");
        writer.join().expect("the writer ends").expect("the reference reads its input");
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut answers: Vec<Answer> = lines.lines().map(parse).collect();
        // It gives up when its server crashes and does not come back; the summary counts what was compared.
        let gave_up = Answer { broken: Some("the reference gave up".to_owned()), ..Answer::default() };
        answers.resize(cases.len(), gave_up);
        answers
    }
}

fn parse(line: &str) -> Answer {
    let value: Value = serde_json::from_str(line).expect("a JSON line");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match value["error"].as_str() {
        Some("config") => {
            return Answer { config_error: Some(text(&value["message"])), ..Answer::default() };
        }
        Some(other) => {
            return Answer {
                broken: Some(format!("{other}: {}", text(&value["message"]))),
                ..Answer::default()
            };
        }
        None => {}
    }
    let list = |key: &str| value[key].as_array().cloned().unwrap_or_default();
    let rule_lines: Vec<String> = list("log").iter().map(|entry| text(&entry["line"])).collect();
    let file = rule_lines.iter().find_map(|line| {
        let (_, rest) = line.split_once("[file \"")?;
        rest.split_once("/rules.conf").map(|(folder, _)| format!("{folder}/rules.conf"))
    });
    let crashed = list("other").iter().any(|line| text(line).contains("exit signal"));
    Answer {
        config_error: None,
        broken: crashed.then(|| "the server crashed".to_owned()),
        status: value["status"].as_u64().unwrap_or(0) as u16,
        rule_lines: rule_lines.iter().filter_map(|line| message(&bytes(line))).collect(),
        other_lines: once(
            list("other")
                .iter()
                .filter_map(|line| message(&bytes(&text(line))))
                .filter(|line| names_no_memory(line))
                .collect(),
        ),
        file,
        audit: value["audit"].as_str().map(str::to_owned),
    }
}

/// A part that is dropped is named by where it lies in memory, in a line that tells nothing else.
fn names_no_memory(line: &[u8]) -> bool {
    !line.starts_with(b"Multipart: Skipping invalid part ")
}

/// The reference writes some lines of its own twice; that is one of its defects.
fn once(mut lines: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let text = |line: &[u8]| memchr::memmem::find(line, b" [hostname ").map(|at| line[..at].to_vec());
    lines.dedup_by_key(|line| text(line));
    lines
}

/// What follows `ModSecurity: `, with the unique id taken out.
pub fn message(line: &[u8]) -> Option<Vec<u8>> {
    let at = memchr::memmem::find(line, b"ModSecurity: ")?;
    let mut text = line[at + 13..].to_vec();
    if let Some(start) = memchr::memmem::rfind(&text, b"[unique_id \"")
        && let Some(length) = text[start + 12..].iter().position(|byte| *byte == b'"')
    {
        text.drain(start + 12..start + 12 + length);
    }
    Some(text)
}
