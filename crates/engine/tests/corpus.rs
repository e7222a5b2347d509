//! Runs `corpus/engine/*.jsonl`: rules and a request, and what Apache with ModSecurity 2.9.7 made of them.
//!
//! A case holds `rules`, the `files` they name (scripts), the request (`method`, `target`, `headers`, `body` or `chunks`;
//! texts are bytes as characters), the origin's `response`, and what is expected: `lines`, the module's messages in order
//! without file, host and unique id, and `status`. `refused` is a status with which the server refuses the path behind phase 1. The transaction is driven as the proxy drives it; header fields are
//! joined and bodies that break off refused, as in that package. `differs` says why an expectation is not its own.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use portcullis_engine::record::Alert;
use portcullis_engine::{
    Answer, BodyPlan, BodyProgress, Compatibility, Evaluation, Need, Phase, Record, RequestLine, RuleSet,
    Start, Step, Transaction, Verdict,
};
use portcullis_testkit::rules::Source;
use serde_json::Value;

const SETTINGS: &str = "\
SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 131072
SecRequestBodyJsonDepthLimit 512
SecPcreMatchLimit 100000
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml
SecResponseBodyLimit 524288
SecResponseBodyLimitAction ProcessPartial
SecUnicodeMapFile unicode.mapping 20127
";

/// Where the rules of a case lie, and the files it holds. The name is as long as where the cases were recorded: a message is
/// cut with its file name in it.
const FOLDER: &str = "/tmp/oracle-recorded/g1/s000";

#[test]
fn corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/engine");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut ran, mut failures) = (0, String::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines() {
            let case: Value =
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            ran += 1;
            if let Err(why) = check(&case) {
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                let _ =
                    writeln!(failures, "{name}: {}\n{}\n{why}", case["name"], latin1_text(&case["rules"]));
            }
        }
    }
    println!("ran {ran} cases");
    assert!(ran > 0, "there are no cases");
    assert!(failures.is_empty(), "{failures}");
}

fn check(case: &Value) -> Result<(), String> {
    let (record, status) = exchange(case)?;
    let seen: Vec<String> = record.alerts.iter().filter(|alert| alert.level <= 3).map(line).collect();
    let expected: Vec<String> = case["lines"].as_array().unwrap().iter().map(latin1_text).collect();
    if seen != expected {
        return Err(format!(
            "  expected:\n    {}\n  seen:\n    {}",
            expected.join("\n    "),
            seen.join("\n    ")
        ));
    }
    let expected = case["status"].as_u64().unwrap();
    if u64::from(status) != expected {
        return Err(format!("  status {status} instead of {expected}"));
    }
    Ok(())
}

/// An alert's message without the file, with its uri.
fn line(alert: &Alert) -> String {
    let mut text = latin1(&alert.text);
    if let Some(at) = text.find(" [file \"") {
        let length = text[at + 8..].find('"').map_or(0, |end| end + 10);
        text.replace_range(at..at + length, "");
    }
    let mut uri = String::new();
    for byte in &alert.uri {
        match byte {
            b'"' | b'\\' => uri.extend(['\\', char::from(*byte)]),
            0x20..=0x7e => uri.push(char::from(*byte)),
            _ => {
                let _ = write!(uri, "\\x{byte:02x}");
            }
        }
    }
    format!("{text} [uri \"{uri}\"]")
}

/// Runs a case with both evaluators, which must agree; returns what was left and the status sent.
fn exchange(case: &Value) -> Result<(Record, u16), String> {
    let rules = Arc::new(rule_set(case)?);
    let (plain, _) = drive(case, Arc::clone(&rules), Evaluation::Plain);
    let (screened, status) = drive(case, rules, Evaluation::Screened);
    if plain.dump() != screened.dump() {
        return Err(format!("  plain:\n{}\n  screened:\n{}", plain.dump(), screened.dump()));
    }
    Ok((screened.finish(), status))
}

fn rule_set(case: &Value) -> Result<RuleSet, String> {
    let compatibility =
        Compatibility { reject_body_end_errors: true, join_headers: true, ..Compatibility::default() };
    let beside = |name: &str| Path::new(FOLDER).join(name);
    let files = case["files"].as_object().into_iter().flatten();
    files
        .fold(Source::new(), |source, (name, text)| source.data(beside(name), bytes(text)))
        .data("unicode.mapping", include_bytes!("../../../rules/unicode.mapping"))
        .text("settings.conf", SETTINGS)
        .text(beside("rules.conf"), bytes(&case["rules"]))
        .compile(compatibility)
}

/// Drives a case through all phases.
fn drive(case: &Value, rules: Arc<RuleSet>, evaluation: Evaluation) -> (Transaction, u16) {
    let start =
        Start { unique_id: "id".to_owned(), wall_micros: 1_795_544_477_000_000, utc_offset_seconds: 0 };
    let mut transaction = Transaction::new(rules, start);
    transaction.set_evaluation(evaluation);
    transaction.connection(([127, 0, 0, 1], 40_000).into(), ([127, 0, 0, 1], 80).into());
    let method = case["method"].as_str().unwrap_or("GET").as_bytes();
    let target = bytes(&case["target"]);
    let raw = [method, b" ", &target, b" HTTP/1.1"].concat();
    transaction.request_line(RequestLine { raw: &raw, method, target: &target, protocol: b"HTTP/1.1" });
    for (name, value) in request_headers(case) {
        transaction.request_header(&name, value.trim_ascii());
    }
    let mut status = 0;
    let mut origin_answers = false;
    let outcome = request(&mut transaction, case).and_then(|()| {
        origin_answers = true;
        let mut answer = case["response"].clone();
        if method == b"HEAD" {
            answer["body"] = "".into();
        }
        response(&mut transaction, &answer, &mut status)
    });
    if let Err(verdict) = outcome {
        status = answer_instead(&mut transaction, &verdict, origin_answers);
    }
    let _ = phase(&mut transaction, Phase::Logging);
    (transaction, status)
}

/// Fields as sent: those of the case, behind a Host when it has none.
fn request_headers(case: &Value) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut headers = pairs(&case["headers"]);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"host")) {
        headers.insert(0, (b"Host".to_vec(), b"localhost".to_vec()));
    }
    if let Some(body) = case["body"].as_str() {
        headers.push((b"Content-Length".to_vec(), body.chars().count().to_string().into_bytes()));
    }
    if case["chunks"].is_array() {
        headers.push((b"Transfer-Encoding".to_vec(), b"chunked".to_vec()));
    }
    headers
}

fn request(transaction: &mut Transaction, case: &Value) -> Result<(), Verdict> {
    phase(transaction, Phase::RequestHeaders)?;
    let inspected = match transaction.request_body_plan() {
        BodyPlan::Skip => false,
        BodyPlan::Inspect => true,
        BodyPlan::Reject(verdict) => return Err(verdict),
    };
    if let Some(status) = case["refused"].as_u64() {
        return Err(Verdict::Deny { status: status as u16 });
    }
    if inspected {
        let pieces: Vec<Vec<u8>> = match case["chunks"].as_array() {
            Some(chunks) => chunks.iter().map(bytes).collect(),
            None => vec![bytes(&case["body"])],
        };
        for piece in pieces {
            match transaction.request_body(&piece) {
                BodyProgress::Continue => {}
                BodyProgress::Enough => break,
                BodyProgress::Reject(verdict) => return Err(verdict),
            }
        }
        if let BodyProgress::Reject(verdict) = transaction.request_body_end() {
            return Err(verdict);
        }
    }
    phase(transaction, Phase::RequestBody)
}

fn response(transaction: &mut Transaction, answer: &Value, status: &mut u16) -> Result<(), Verdict> {
    *status = answer["status"].as_u64().unwrap_or(200) as u16;
    let body = answer["body"]
        .as_str()
        .map_or_else(|| b"<html>ok</html>\n".to_vec(), |text| text.as_bytes().to_vec());
    let mut headers = pairs(&answer["headers"]);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"content-type")) {
        headers.push((b"Content-Type".to_vec(), b"text/html".to_vec()));
    }
    if *status != 204 {
        headers.push((b"Content-Length".to_vec(), body.len().to_string().into_bytes()));
    }
    transaction.response_head(b"HTTP/1.1", *status, if *status == 200 { b"OK" } else { b"Answer" });
    headers.iter().for_each(|(name, value)| transaction.response_header(name, value));
    phase(transaction, Phase::ResponseHeaders)?;
    let progress = match transaction.response_body_plan() {
        BodyPlan::Skip => BodyProgress::Enough,
        BodyPlan::Inspect => transaction.response_body(&body),
        BodyPlan::Reject(verdict) => BodyProgress::Reject(verdict),
    };
    if let BodyProgress::Reject(verdict) = progress {
        return Err(verdict);
    }
    transaction.response_body_end();
    phase(transaction, Phase::ResponseBody)
}

/// What the client gets in place of the origin's answer; an error page that no rule asked for is inspected as well.
fn answer_instead(transaction: &mut Transaction, verdict: &Verdict, origin_answered: bool) -> u16 {
    let status = match verdict {
        Verdict::Deny { status } | Verdict::Redirect { status, .. } => *status,
        _ => 0,
    };
    let page = serde_json::json!({ "status": status, "body": "page" });
    if !transaction.is_intercepted() && !origin_answered {
        let mut sent = 0;
        if response(transaction, &page, &mut sent).is_ok() {
            return status;
        }
    }
    transaction.local_reply(status.max(403), b"", std::iter::empty(), b"page");
    status
}

fn phase(transaction: &mut Transaction, phase: Phase) -> Result<(), Verdict> {
    loop {
        match transaction.run(phase, 0) {
            Step::Done(Verdict::Pass) => return Ok(()),
            Step::Done(verdict) => return Err(verdict),
            Step::Need(Need::Collection { .. }) => transaction.provide(Answer::Collection(None)),
            Step::Need(Need::Script { script, argument }) => {
                let returned =
                    script.run(argument.as_deref(), transaction, portcullis_lua::Limits::default());
                transaction.provide(Answer::Script(returned));
            }
            Step::Need(need) => panic!("no case needs {need:?}"),
        }
    }
}

fn pairs(list: &Value) -> Vec<(Vec<u8>, Vec<u8>)> {
    list.as_array()
        .map_or_else(Vec::new, |list| list.iter().map(|pair| (bytes(&pair[0]), bytes(&pair[1]))).collect())
}

/// The bytes of a text whose characters are bytes.
fn bytes(text: &Value) -> Vec<u8> {
    let character = |c| u8::try_from(u32::from(c)).expect("characters are bytes");
    text.as_str().unwrap_or_default().chars().map(character).collect()
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn latin1_text(text: &Value) -> String {
    text.as_str().unwrap_or_default().to_owned()
}
