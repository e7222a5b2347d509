//! A case through the engine: its rules with the settings that its expectations assume, its request in parts.

use std::net::SocketAddr;
use std::sync::Arc;

use portcullis_engine::{
    BodyPlan, BodyProgress, Compatibility, Evaluation, Phase, Record, RequestLine, RuleSet, Start, Step,
    Transaction, Verdict,
};
use portcullis_testkit::corpus;
use portcullis_testkit::rules::Source;

use super::case::{Case, End, Message};
use super::scripts;
use crate::in_process::Outside;

/// When every case happens, seconds since the epoch.
const NOW: i64 = 1_760_000_000;

/// What came of a case.
pub struct Seen {
    pub record: Record,
    pub rules: Arc<RuleSet>,
    pub status: u16,
}

/// The rule set of a case; what is wrong with it otherwise.
pub fn compile(case: &Case, file: &str) -> Result<Arc<RuleSet>, String> {
    // Unless told otherwise, that engine reads request bodies and runs rules without disrupting.
    let mut before = "SecDebugLog trace\nSecDebugLogLevel 9\nSecRequestBodyAccess On\n".to_owned();
    if !case.rules.0.to_ascii_lowercase().contains("secruleengine") {
        before.push_str("SecRuleEngine DetectionOnly\n");
    }
    let compatibility =
        Compatibility { json_names_v3: true, lenient_chain_links: true, ..Compatibility::default() };
    let mut source = Source::new()
        .variable("PATH", "/bin")
        .variable("MODSECURITY", "ModSecurity 3 regression tests")
        .text("settings.conf", before)
        .text(file, case.rules.0.as_bytes());
    for (name, script) in scripts::SCRIPTS {
        source = source.data(format!("test-cases/data/{name}"), *script);
    }
    if let Some(data) = corpus::fixture("modsecurity-v3", "data") {
        source = source.mount("test-cases/data", data);
    }
    source.compile(compatibility).map(Arc::new)
}

/// Runs a case through both evaluators; an error says what differs.
pub fn run(case: &Case, rules: Arc<RuleSet>) -> Result<Seen, String> {
    let (plain, _) = evaluate(case, &rules, Evaluation::Plain);
    let (screened, status) = evaluate(case, &rules, Evaluation::Screened);
    let [plain, shown] = [&plain, &screened].map(|transaction| without_random_names(&transaction.dump()));
    if plain != shown {
        return Err(format!("plain:\n{plain}\nscreened:\n{shown}"));
    }
    Ok(Seen { record: screened.finish(), rules, status })
}

/// A transaction's dump, with the ends of the names of temporary files left out: `…-file-q7cnMK` is another one each time.
fn without_random_names(dump: &str) -> String {
    const MARK: &str = "-file-";
    let mut parts = dump.split(MARK);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + MARK + part.get(6..).unwrap_or(part))
}

/// The transaction behind its last phase, and the status of the answer.
fn evaluate(case: &Case, rules: &Arc<RuleSet>, evaluation: Evaluation) -> (Transaction, u16) {
    let mut transaction = begin(case, rules);
    transaction.set_evaluation(evaluation);
    let outside = Outside::new();
    let verdict = match exchange(case, &mut transaction, &outside) {
        Ok(()) => Verdict::Pass,
        Err(verdict) => verdict,
    };
    let status = match &verdict {
        Verdict::Pass => 200,
        Verdict::Deny { status } | Verdict::Redirect { status, .. } => *status,
        Verdict::Drop | Verdict::Proxy { .. } => 403,
    };
    let _ = phase(&mut transaction, Phase::Logging, &outside);
    outside.store(&transaction, NOW);
    (transaction, status)
}

fn begin(case: &Case, rules: &Arc<RuleSet>) -> Transaction {
    let start = Start {
        unique_id: "153242369214.123456".to_owned(),
        wall_micros: NOW * 1_000_000,
        utc_offset_seconds: 0,
    };
    let mut transaction = Transaction::new(Arc::clone(rules), start);
    transaction.connection(address(&case.client), address(&case.server));
    let request = &case.request;
    let (method, target) =
        (request.method.as_deref().unwrap_or("GET"), request.uri.as_deref().unwrap_or("/"));
    let protocol = format!("HTTP/{}", version(request));
    let raw = format!("{method} {target} {protocol}");
    transaction.request_line(RequestLine {
        raw: raw.as_bytes(),
        method: method.as_bytes(),
        target: target.as_bytes(),
        protocol: protocol.as_bytes(),
    });
    for (name, value) in &request.headers.0 {
        transaction.request_header(name.as_bytes(), value.as_bytes());
    }
    let framed = |name: &str| {
        name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
    };
    if !request.body.0.is_empty() && !request.headers.0.iter().any(|(name, _)| framed(name)) {
        // A body arrives with its length, whatever the case lists.
        transaction.request_header(b"Content-Length", request.body.0.len().to_string().as_bytes());
    }
    transaction
}

fn exchange(case: &Case, transaction: &mut Transaction, outside: &Outside) -> Result<(), Verdict> {
    phase(transaction, Phase::RequestHeaders, outside)?;
    match transaction.request_body_plan() {
        BodyPlan::Skip => {}
        BodyPlan::Reject(verdict) => return Err(verdict),
        BodyPlan::Inspect => {
            if let BodyProgress::Reject(verdict) = transaction.request_body(case.request.body.0.as_bytes()) {
                return Err(verdict);
            }
            if let BodyProgress::Reject(verdict) = transaction.request_body_end() {
                return Err(verdict);
            }
        }
    }
    phase(transaction, Phase::RequestBody, outside)?;
    let response = &case.response;
    let protocol = response.protocol.clone().unwrap_or_else(|| "HTTP/1.1".to_owned());
    transaction.response_head(protocol.as_bytes(), 200, b"OK");
    for (name, value) in &response.headers.0 {
        transaction.response_header(name.as_bytes(), value.as_bytes());
    }
    phase(transaction, Phase::ResponseHeaders, outside)?;
    match transaction.response_body_plan() {
        BodyPlan::Skip => {}
        BodyPlan::Reject(verdict) => return Err(verdict),
        BodyPlan::Inspect => {
            if let BodyProgress::Reject(verdict) = transaction.response_body(response.body.0.as_bytes()) {
                return Err(verdict);
            }
        }
    }
    transaction.response_body_end();
    phase(transaction, Phase::ResponseBody, outside)
}

fn phase(transaction: &mut Transaction, phase: Phase, outside: &Outside) -> Result<(), Verdict> {
    loop {
        match transaction.run(phase, 0) {
            Step::Done(Verdict::Pass) => return Ok(()),
            Step::Done(verdict) => return Err(verdict),
            Step::Need(need) => outside.answer(transaction, &need, NOW),
        }
    }
}

fn address(end: &End) -> SocketAddr {
    let ip = end.ip.parse().unwrap_or(std::net::IpAddr::from([127, 0, 0, 1]));
    SocketAddr::new(ip, end.port)
}

fn version(message: &Message) -> String {
    match &message.http_version {
        None | Some(serde_json::Value::Null) => "1.1".to_owned(),
        Some(value) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}
