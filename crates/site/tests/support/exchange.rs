//! One exchange through a rule set, from a case's fields to what the rules said.
//!
//! `{"uri": "/?q=<script>"}` → the ids of the rules that logged, and whether the request was refused. The five phases are driven
//! as the proxy drives them; there is no network and no parser of requests, because the cases are about rules.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use portcullis_engine::{
    BodyPlan, BodyProgress, Phase, RequestLine, RuleSet, Start, Step, Transaction, Verdict,
};
use serde::Deserialize;

/// A line of `corpus/starter`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name of the case.
    pub id: String,
    /// Rules that must log.
    #[serde(default)]
    pub expect: Vec<u64>,
    /// The optional set that must be activated.
    pub set: Option<String>,
    /// Strictness; 1 when absent.
    pub strictness: Option<u8>,
    /// The score, for a case that stays below the threshold.
    pub score: Option<u32>,
    #[serde(default = "get")]
    method: String,
    uri: String,
    #[serde(default = "http_1_1")]
    protocol: String,
    /// Added to those of a browser; `null` takes one of these away.
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    body: Option<String>,
    #[serde(default)]
    response: Response,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Response {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Default for Response {
    fn default() -> Self {
        let headers = BTreeMap::from([("Content-Type".to_owned(), "text/html".to_owned())]);
        Self { status: 200, headers, body: "<p>fine</p>".to_owned() }
    }
}

fn get() -> String {
    "GET".to_owned()
}

fn http_1_1() -> String {
    "HTTP/1.1".to_owned()
}

/// What the rules said.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rules that logged, in order.
    pub ids: Vec<u64>,
    /// Their lines.
    pub lines: Vec<String>,
    /// The phase in which the exchange was refused.
    pub refused: Option<Phase>,
}

/// Runs a case.
pub fn run(rules: &Arc<RuleSet>, case: &Case) -> Outcome {
    let start = Start { unique_id: "case".to_owned(), wall_micros: 0, utc_offset_seconds: 0 };
    let mut transaction = Transaction::new(Arc::clone(rules), start);
    transaction
        .connection(SocketAddr::from(([192, 0, 2, 1], 40_000)), SocketAddr::from(([192, 0, 2, 2], 80)));
    let line = format!("{} {} {}", case.method, case.uri, case.protocol);
    transaction.request_line(RequestLine {
        raw: line.as_bytes(),
        method: case.method.as_bytes(),
        target: case.uri.as_bytes(),
        protocol: case.protocol.as_bytes(),
    });
    for (name, value) in headers(case) {
        transaction.request_header(name.as_bytes(), value.as_bytes());
    }
    let refused =
        request(&mut transaction, case).and_then(|()| response(&mut transaction, &case.response)).err();
    let _ = phase(&mut transaction, Phase::Logging);
    let record = transaction.finish();
    let rules = record.alerts.iter().filter_map(|alert| alert.rule.as_ref().map(|rule| rule.id));
    Outcome {
        ids: rules.collect(),
        lines: record.alerts.iter().map(|alert| String::from_utf8_lossy(&alert.text).into_owned()).collect(),
        refused,
    }
}

fn headers(case: &Case) -> Vec<(String, String)> {
    let browser = [
        ("Host", "shop.example"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
    ];
    let length = case.body.as_ref().map_or(0, String::len).to_string();
    let framed = case.headers.contains_key("Transfer-Encoding") || case.body.is_none();
    let length = (!framed).then_some(("Content-Length", length.as_str()));
    let defaults = browser.into_iter().chain(length);
    let mut all: Vec<(String, String)> = defaults
        .filter(|(name, _)| !case.headers.contains_key(*name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    all.extend(case.headers.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))));
    all
}

fn request(transaction: &mut Transaction, case: &Case) -> Result<(), Phase> {
    phase(transaction, Phase::RequestHeaders)?;
    let plan = transaction.request_body_plan();
    assert!(!matches!(plan, BodyPlan::Reject(_)), "{}: the body is too long", case.id);
    if let (BodyPlan::Inspect, Some(body)) = (plan, &case.body) {
        assert_eq!(transaction.request_body(body.as_bytes()), BodyProgress::Continue, "{}", case.id);
        assert_eq!(transaction.request_body_end(), BodyProgress::Continue, "{}", case.id);
    }
    phase(transaction, Phase::RequestBody)
}

fn response(transaction: &mut Transaction, response: &Response) -> Result<(), Phase> {
    transaction.response_head(b"HTTP/1.1", response.status, b"");
    for (name, value) in &response.headers {
        transaction.response_header(name.as_bytes(), value.as_bytes());
    }
    phase(transaction, Phase::ResponseHeaders)?;
    if transaction.response_body_plan() == BodyPlan::Inspect {
        transaction.response_body(response.body.as_bytes());
    }
    transaction.response_body_end();
    phase(transaction, Phase::ResponseBody)
}

fn phase(transaction: &mut Transaction, phase: Phase) -> Result<(), Phase> {
    match transaction.run(phase, 0) {
        Step::Done(Verdict::Pass) => Ok(()),
        Step::Done(_) => Err(phase),
        Step::Need(need) => panic!("the starter rules need nothing from outside, but ask for {need:?}"),
    }
}
