//! One connection at a time through an engine in this process: bytes in, answer and error-log lines out.
//!
//! `GET /?id=1' OR 1=1-- …` → status 403 and the lines of rules 942100 and 949110. `portcullis test --site` and the
//! engine's own comparisons with the reference server run on it. It reads requests with the same reader as the proxy,
//! drives the same five phases and writes the same log lines, but owns no socket: what is not answered by a rule goes to
//! a function instead of an origin, and time moves only between exchanges.
//!
//! Limits: what [`Outside`] does not offer; a compressed answer is inspected as it is.

mod outside;
mod program;

use crate::ftw::{Answer, Asked, InProcess, Outcome};
pub use outside::Outside;
use portcullis_audit::formats::error_log::{self, ErrorLogStyle};
use portcullis_engine::{
    BodyPlan, BodyProgress, Costs, Evaluation, Phase, Record, RequestLine, RuleSet, Start, Step, Transaction,
    Verdict, Workspace,
};
use portcullis_http1::{
    BodyDecoder, BodyLimits, Framing, Inbound, RequestHead, RequestReader, Settings, Stage, reason, write,
};
use portcullis_proxy::stopwatch;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A rule set that requests can be sent to.
#[derive(Debug)]
pub struct InProcessSite {
    rules: Arc<RuleSet>,
    settings: Settings,
    client: SocketAddr,
    server: SocketAddr,
    /// What rules stored stays until the site is dropped.
    outside: Outside,
    /// The request time of the exchange under way, seconds since the epoch.
    now_seconds: i64,
    count: u64,
    evaluation: Evaluation,
    /// Every exchange runs through the plain evaluator first, and both must agree.
    compares: bool,
    workspace: Workspace,
    costs: Option<Box<Costs>>,
}

/// What one request caused.
#[derive(Debug)]
pub struct Exchange {
    /// What the transaction left; `None` for a request refused before any rule could run.
    pub record: Option<Record>,
    /// The answer; `None` when the connection was closed without one, or with one that has no head.
    pub response: Option<Answer>,
    /// What the origin was sent, when it was asked.
    #[allow(dead_code, reason = "read by comparisons with the reference server, not by the command")]
    pub forwarded: Option<Vec<u8>>,
    /// What the evaluators disagree about, on a site that compares them.
    pub difference: Option<String>,
    /// Whether the connection takes another request.
    keep_alive: bool,
}

/// The origin: answers what is forwarded.
type Origin<'a> = &'a dyn Fn(&Asked<'_>) -> Answer;

/// How the request phases, or those of the response, are cut short.
type Cut = Verdict;

impl InProcessSite {
    /// A site with the proxy's default policies for malformed requests.
    pub fn new(rules: Arc<RuleSet>) -> Self {
        Self {
            rules,
            settings: Settings::default(),
            client: SocketAddr::from(([127, 0, 0, 1], 40_000)),
            server: SocketAddr::from(([127, 0, 0, 1], 80)),
            outside: Outside::new(),
            now_seconds: 0,
            count: 0,
            evaluation: Evaluation::default(),
            compares: false,
            // One that remembers values would make the second of two equal requests another case.
            workspace: Workspace::default(),
            costs: None,
        }
    }

    /// Measures what rules cost.
    #[allow(dead_code, reason = "only the command measures")]
    pub fn measuring(mut self, costs: Costs) -> Self {
        self.costs = Some(Box::new(costs));
        self
    }

    /// What has been measured.
    #[allow(dead_code, reason = "only the command measures")]
    pub fn into_costs(self) -> Option<Box<Costs>> {
        self.costs
    }

    /// Runs the rules with this evaluator.
    #[allow(dead_code, reason = "the command lets people choose; tests compare")]
    pub fn with_evaluation(mut self, evaluation: Evaluation) -> Self {
        self.evaluation = evaluation;
        self
    }

    /// Runs every exchange through both evaluators. One that differs is reported in [`Exchange::difference`].
    pub fn comparing(mut self) -> Self {
        self.compares = true;
        self
    }

    /// Judges malformed requests by these limits and policies.
    #[allow(dead_code, reason = "the command has settings; examples and tests take the defaults")]
    pub fn with_http(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Runs a connection that sends `bytes` and then nothing more: one exchange per request, in order.
    pub fn connection(&mut self, bytes: &[u8], origin: Origin<'_>) -> Vec<Exchange> {
        let mut inbound = Inbound::default();
        inbound.feed(bytes);
        let mut reader = RequestReader::new(self.settings.clone());
        let mut exchanges = Vec::new();
        loop {
            if reader.read(&mut inbound).is_none() && reader.end(&mut inbound).is_none() {
                return exchanges;
            }
            let exchange = self.exchange(reader.head(), &mut inbound, origin);
            let last = !exchange.keep_alive;
            exchanges.push(exchange);
            if last {
                return exchanges;
            }
        }
    }

    /// The error-log lines of a record, without line ends.
    pub fn log_lines(record: &Record) -> Vec<Vec<u8>> {
        let mut text = Vec::new();
        error_log::lines(record, &ErrorLogStyle::default(), &mut text);
        text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    }

    fn exchange(&mut self, head: &RequestHead, inbound: &mut Inbound, origin: Origin<'_>) -> Exchange {
        if let Some(refusal) = head.refusal().filter(|refusal| refusal.stage == Stage::Head) {
            let response = Some(page(refusal.status, None));
            return Exchange { record: None, response, forwarded: None, difference: None, keep_alive: false };
        }
        let start = self.start();
        let plain = self.compares.then(|| {
            let transaction = self.begin(head, &start, Evaluation::Plain, Workspace::default());
            let run = self.to_the_end(transaction, head, &mut inbound.clone(), origin);
            self.outside.forget_files();
            words(&run)
        });
        let workspace = std::mem::take(&mut self.workspace);
        let mut transaction = self.begin(head, &start, self.evaluation, workspace);
        let measures = self.costs.is_some();
        if let Some(costs) = self.costs.take() {
            transaction.set_costs(costs);
        }
        let run = self.to_the_end(transaction, head, inbound, origin);
        let difference = plain.and_then(|plain| difference(&plain, &words(&run)));
        self.outside.store(&run.transaction, self.now_seconds);
        let Run { mut transaction, response, forwarded, keep_alive } = run;
        let costs = if measures { transaction.take_costs() } else { None };
        let (record, workspace) = transaction.finish_in();
        self.costs = costs;
        self.workspace = workspace;
        Exchange { record: Some(record), response, forwarded, difference, keep_alive }
    }

    /// Runs a transaction to the end of its last phase.
    fn to_the_end(
        &self,
        mut transaction: Transaction,
        head: &RequestHead,
        inbound: &mut Inbound,
        origin: Origin<'_>,
    ) -> Run {
        let mut body = Body::new(head.framing());
        let mut forwarded = None;
        let outcome = self.request(&mut transaction, head, inbound, &mut body).and_then(|()| {
            let (message, answer) = forward(&transaction, head, &body.bytes, origin);
            forwarded = Some(message);
            self.response(&mut transaction, &answer)?;
            Ok(answer)
        });
        let response = match outcome {
            Ok(answer) => Some(answer),
            Err(cut) => self.answer_instead(&mut transaction, &cut, forwarded.is_some()),
        };
        // An HTTP/0.9 answer has no head: nothing that a test could recognise as an answer.
        let response = response.filter(|_| !head.is_http09());
        // The rest of a body that nobody wanted stands before the next request.
        let keep_alive = body.drain(inbound) && head.keep_alive() && response.is_some();
        let _ = self.phase(&mut transaction, Phase::Logging);
        Run { transaction, response, forwarded, keep_alive }
    }

    fn start(&mut self) -> Start {
        self.count += 1;
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.now_seconds = i64::try_from(wall.as_secs()).unwrap_or(i64::MAX);
        Start {
            unique_id: format!("inprocess{:018x}", self.count),
            wall_micros: i64::try_from(wall.as_micros()).unwrap_or(i64::MAX),
            utc_offset_seconds: 0,
        }
    }

    fn begin(
        &self,
        head: &RequestHead,
        start: &Start,
        evaluation: Evaluation,
        workspace: Workspace,
    ) -> Transaction {
        let mut transaction = Transaction::new_in(Arc::clone(&self.rules), start.clone(), workspace);
        transaction.set_evaluation(evaluation);
        if transaction.times_rules() {
            transaction.set_costs(Box::new(Costs::new(stopwatch::nanos)));
        }
        transaction.connection(self.client, self.server);
        transaction.request_line(RequestLine {
            raw: head.line(),
            method: head.method(),
            target: head.target(),
            protocol: head.protocol(),
        });
        for (name, value) in head.headers() {
            transaction.request_header(name, value);
        }
        transaction
    }

    /// Phases 1 and 2, with the body between them.
    fn request(
        &self,
        transaction: &mut Transaction,
        head: &RequestHead,
        inbound: &mut Inbound,
        body: &mut Body,
    ) -> Result<(), Cut> {
        self.phase(transaction, Phase::RequestHeaders)?;
        // As in httpd the announced length is judged first, then the path, then the body is read.
        let inspected = match transaction.request_body_plan() {
            BodyPlan::Skip => false,
            BodyPlan::Inspect => true,
            BodyPlan::Reject(verdict) => return Err(verdict),
        };
        let refused_at = |stage| head.refusal().filter(|refusal| refusal.stage == stage);
        if let Some(refusal) = refused_at(Stage::Path) {
            return Err(Verdict::Deny { status: refusal.status });
        }
        body.read(transaction, inbound, inspected)?;
        if inspected && let BodyProgress::Reject(verdict) = transaction.request_body_end() {
            return Err(verdict);
        }
        self.phase(transaction, Phase::RequestBody)?;
        match refused_at(Stage::Forward) {
            Some(refusal) => Err(Verdict::Deny { status: refusal.status }),
            None => Ok(()),
        }
    }

    /// Phases 3 and 4, with the body between them.
    fn response(&self, transaction: &mut Transaction, answer: &Answer) -> Result<(), Cut> {
        let phrase = reason(answer.status).unwrap_or("");
        transaction.response_head(b"HTTP/1.1", answer.status, phrase.as_bytes());
        for (name, value) in &answer.headers {
            transaction.response_header(name.as_bytes(), value.as_bytes());
        }
        self.phase(transaction, Phase::ResponseHeaders)?;
        let progress = match transaction.response_body_plan() {
            BodyPlan::Skip => BodyProgress::Enough,
            BodyPlan::Inspect => transaction.response_body(&answer.body),
            BodyPlan::Reject(verdict) => BodyProgress::Reject(verdict),
        };
        if let BodyProgress::Reject(verdict) = progress {
            return Err(verdict);
        }
        transaction.response_body_end();
        self.phase(transaction, Phase::ResponseBody)
    }

    /// Answers in the origin's place. An answer that no rule asked for takes the way of an origin's, as in httpd.
    fn answer_instead(
        &self,
        transaction: &mut Transaction,
        cut: &Cut,
        origin_answered: bool,
    ) -> Option<Answer> {
        if !transaction.is_intercepted() && !origin_answered {
            let answer = page_for(cut);
            match self.response(transaction, &answer) {
                Ok(()) => return Some(answer),
                Err(cut) => return local_reply(transaction, &cut),
            }
        }
        local_reply(transaction, cut)
    }

    /// Runs a phase to its end; an interception is the error.
    fn phase(&self, transaction: &mut Transaction, phase: Phase) -> Result<(), Cut> {
        loop {
            match transaction.run(phase, 0) {
                Step::Done(Verdict::Pass) => return Ok(()),
                Step::Done(verdict) => return Err(verdict),
                Step::Need(need) => self.outside.answer(transaction, &need, self.now_seconds),
            }
        }
    }
}

impl InProcess for InProcessSite {
    fn run(&mut self, request: &[u8], origin: Origin<'_>) -> anyhow::Result<Outcome> {
        let mut exchanges = self.connection(request, origin);
        if let Some(difference) = exchanges.iter_mut().find_map(|exchange| exchange.difference.take()) {
            anyhow::bail!(difference);
        }
        let records = exchanges.iter().filter_map(|exchange| exchange.record.as_ref());
        let log = records.flat_map(Self::log_lines).collect();
        let response = if exchanges.is_empty() { None } else { exchanges.swap_remove(0).response };
        Ok(Outcome { response, log })
    }
}

/// A transaction behind its last phase, and what came of it.
struct Run {
    transaction: Transaction,
    response: Option<Answer>,
    forwarded: Option<Vec<u8>>,
    keep_alive: bool,
}

/// Everything that must not depend on the evaluator.
fn words(run: &Run) -> String {
    let answer =
        run.response.as_ref().map(|answer| (answer.status, &answer.headers, answer.body.escape_ascii()));
    let forwarded = run.forwarded.as_ref().map(|message| message.escape_ascii().to_string());
    format!("{}answer {answer:?}\nforwarded {forwarded:?}\n", run.transaction.dump())
}

/// The first line that differs.
fn difference(plain: &str, screened: &str) -> Option<String> {
    let mut pairs = plain.lines().zip(screened.lines());
    if plain == screened {
        return None;
    }
    let (plain_line, screened_line) = pairs.find(|(left, right)| left != right).unwrap_or((plain, screened));
    Some(format!("evaluators differ: plain `{plain_line}`, screened `{screened_line}`"))
}

/// The body of a request while it is read.
struct Body {
    decoder: BodyDecoder,
    bytes: Vec<u8>,
    broken: bool,
}

impl Body {
    fn new(framing: Framing) -> Self {
        Self { decoder: BodyDecoder::new(framing, BodyLimits::default()), bytes: Vec::new(), broken: false }
    }

    /// Reads to the end of the body; `inspected`: the rules see it too, as far as they want to.
    fn read(
        &mut self,
        transaction: &mut Transaction,
        inbound: &mut Inbound,
        inspected: bool,
    ) -> Result<(), Cut> {
        let mut wanted = inspected;
        while !self.decoder.is_complete() {
            let decoded = self.decoder.decode(inbound.unread());
            let step = match decoded {
                Ok(step) if step.consumed == 0 && !step.end => {
                    self.broken = true;
                    transaction.request_body_broken("Partial results are valid but processing is incomplete");
                    return Err(Verdict::Deny { status: 400 });
                }
                Ok(step) => step,
                Err(error) => {
                    self.broken = true;
                    transaction
                        .request_body_broken("HTTP Error 413 - Request entity too large. (Most likely.)");
                    return Err(Verdict::Deny { status: error.status() });
                }
            };
            self.bytes.extend_from_slice(step.data);
            let progress = match wanted && !step.data.is_empty() {
                true => transaction.request_body(step.data),
                false => BodyProgress::Continue,
            };
            let consumed = step.consumed;
            inbound.consume(consumed);
            match progress {
                BodyProgress::Continue => {}
                BodyProgress::Enough => wanted = false,
                BodyProgress::Reject(verdict) => return Err(verdict),
            }
        }
        Ok(())
    }

    /// Reads what is left without looking at it; false when the end cannot be found.
    fn drain(&mut self, inbound: &mut Inbound) -> bool {
        while !self.broken && !self.decoder.is_complete() {
            match self.decoder.decode(inbound.unread()) {
                Ok(step) if step.consumed > 0 || step.end => {
                    let consumed = step.consumed;
                    inbound.consume(consumed);
                }
                _ => self.broken = true,
            }
        }
        !self.broken
    }
}

/// Writes the request as the origin gets it and asks the origin.
fn forward(
    transaction: &Transaction,
    head: &RequestHead,
    body: &[u8],
    origin: Origin<'_>,
) -> (Vec<u8>, Answer) {
    let mut message = Vec::new();
    write::request_line(&mut message, head.method(), head.path(), head.query());
    let hops = write::HopByHop::new(head.known(portcullis_http1::Known::Connection));
    let edited = transaction.edited_request_headers();
    let mut field = |name: &[u8], value: &[u8]| {
        let known = portcullis_http1::Known::of(name);
        if !hops.ends_here(known, name) && known != portcullis_http1::Known::ContentLength {
            write::field(&mut message, name, value);
        }
    };
    match &edited {
        Some(fields) => fields.iter().for_each(|(name, value)| field(name, value)),
        None => head.headers().for_each(|(name, value)| field(name, value)),
    }
    if head.framing() != Framing::None {
        write::length(&mut message, body.len() as u64);
    }
    write::end_of_head(&mut message);
    message.extend_from_slice(body);
    let mut target = head.path().to_vec();
    if let Some(query) = head.query() {
        target.push(b'?');
        target.extend_from_slice(query);
    }
    let mut answer = origin(&Asked { method: head.method(), target: &target, body });
    let framing = |(name, _): &(String, String)| {
        name.eq_ignore_ascii_case("Content-Length") || name.eq_ignore_ascii_case("Transfer-Encoding")
    };
    if !answer.headers.iter().any(framing) && !matches!(answer.status, 100..=199 | 204 | 304) {
        answer.headers.push(("Content-Length".to_owned(), answer.body.len().to_string()));
    }
    (message, answer)
}

/// Does what a rule asked for and tells the transaction, whose logging rules see this answer.
fn local_reply(transaction: &mut Transaction, cut: &Cut) -> Option<Answer> {
    let answer = page_for(cut);
    let phrase = reason(answer.status).unwrap_or("");
    let headers = answer.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    transaction.local_reply(answer.status, phrase.as_bytes(), headers, &answer.body);
    (*cut != Verdict::Drop).then_some(answer)
}

fn page_for(cut: &Cut) -> Answer {
    match cut {
        Verdict::Redirect { status, location } => page(*status, Some(location)),
        Verdict::Deny { status } => page(*status, None),
        // A driver without origins cannot send a request to another one.
        Verdict::Proxy { .. } => page(502, None),
        Verdict::Drop | Verdict::Pass => page(403, None),
    }
}

/// An error page; a status that httpd has no text for becomes 500.
fn page(status: u16, location: Option<&[u8]>) -> Answer {
    let (status, phrase) = match reason(status) {
        Some(phrase) => (status, phrase),
        None => (500, reason(500).unwrap_or("")),
    };
    let body = format!("<!DOCTYPE html>\n<title>{status} {phrase}</title>\n<h1>{phrase}</h1>\n").into_bytes();
    let mut headers = Vec::new();
    headers.extend(location.map(|url| ("Location".to_owned(), String::from_utf8_lossy(url).into_owned())));
    headers.push(("Content-Length".to_owned(), body.len().to_string()));
    headers.push(("Content-Type".to_owned(), "text/html; charset=iso-8859-1".to_owned()));
    Answer { status, headers, body }
}
