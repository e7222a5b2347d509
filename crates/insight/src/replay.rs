//! A stored request run through rules once more, in this process.
//!
//! ```text
//! EventDetail + RuleSet ─▶ Replay { event: what the rules say of it now, doubts: what may differ from the first time }
//! ```
//!
//! It answers what a changed rule set would have done with traffic that is over. Only what is stored is there: a masked value
//! is run masked, a body that is not stored is missing, collections are empty, no name is looked up and no program run. Each
//! of these is a [`Doubt`], so nobody takes a replay for more than it is.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use portcullis_engine::{
    Answer, BodyPlan, BodyProgress, Exclusion, Need, Phase, Record, RequestLine, RuleSet, Start, Step,
    Transaction, Verdict,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::event::{EventDetail, StoredRequest};
use crate::observed::{Event, Observed};

/// Why a replay may differ from what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The body of the request is not stored, or not whole.
    RequestBody,
    /// The body of the response is not stored.
    ResponseBody,
    /// Values are masked.
    Masked,
    /// Rules read collections that outlive a request; here they are empty.
    Collections,
    /// Rules ask a name server, run a program or a script, or look at files.
    Outside,
}

impl Doubt {
    /// One sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::RequestBody => "the body of the request is not stored whole",
            Self::ResponseBody => "the body of the response is not stored",
            Self::Masked => "values that rules hide are asterisks",
            Self::Collections => "collections that outlive a request are empty",
            Self::Outside => "names are not looked up, programs and scripts do not run",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Replay {
    /// What the transaction left; its trace holds every step when that was asked for.
    pub record: Record,
    /// The exchange as it would be stored.
    pub event: Event,
    /// See [`Doubt`].
    pub doubts: Vec<Doubt>,
}

/// Runs the request and the response of an event through rules.
pub fn replay(event: &EventDetail, rules: &Arc<RuleSet>) -> Replay {
    run(event, rules, None, false)
}

/// As [`replay`], with an exclusion made for these rules.
pub fn replay_without(event: &EventDetail, rules: &Arc<RuleSet>, exclusion: &Exclusion) -> Replay {
    run(event, rules, Some(exclusion), false)
}

/// As [`replay`]; every step is kept in the record's trace.
pub fn replay_with_steps(event: &EventDetail, rules: &Arc<RuleSet>) -> Replay {
    run(event, rules, None, true)
}

fn run(event: &EventDetail, rules: &Arc<RuleSet>, exclusion: Option<&Exclusion>, steps: bool) -> Replay {
    let start = Start {
        unique_id: event.summary.id.clone(),
        wall_micros: event.summary.micros,
        utc_offset_seconds: 0,
    };
    let mut transaction = Transaction::new(Arc::clone(rules), start);
    if steps {
        transaction.keep_every_step();
    }
    let client: IpAddr = event.summary.client.parse().unwrap_or(IpAddr::from([0, 0, 0, 0]));
    let server = event.server.parse().unwrap_or(SocketAddr::from(([127, 0, 0, 1], 80)));
    transaction.connection(SocketAddr::new(client, 0), server);
    let mut replaying = Replaying { transaction, doubts: BTreeSet::new() };
    if !event.hidden.is_empty() {
        replaying.doubts.insert(Doubt::Masked);
    }
    // A cut short exchange still has its last phase.
    let _ = replaying.request(event, exclusion).and_then(|()| replaying.response(event));
    let _ = replaying.phase(Phase::Logging);
    let Replaying { transaction, doubts } = replaying;
    let record = transaction.finish();
    let observed = Observed {
        rule_set: rules,
        status: event.summary.status,
        bytes_received: event.bytes_received,
        bytes_sent: event.bytes_sent,
        duration_micros: event.duration_micros,
        upstream: event.upstream.clone(),
        error: event.error.as_deref(),
    };
    let seen = Event::of(record.clone(), &observed);
    Replay { record, event: seen, doubts: doubts.into_iter().collect() }
}

struct Replaying {
    transaction: Transaction,
    doubts: BTreeSet<Doubt>,
}

impl Replaying {
    /// Phases 1 and 2; the error is an interception.
    fn request(&mut self, event: &EventDetail, exclusion: Option<&Exclusion>) -> Result<(), Verdict> {
        let request = &event.request;
        self.transaction.request_line(RequestLine {
            raw: request.line.as_slice(),
            method: event.summary.method.as_slice(),
            target: request.target.as_slice(),
            protocol: request.protocol.as_slice(),
        });
        if let Some(exclusion) = exclusion {
            self.transaction.do_without(exclusion);
        }
        for (name, value) in &request.headers {
            self.transaction.request_header(name.as_slice(), value.as_slice());
        }
        self.phase(Phase::RequestHeaders)?;
        self.request_body(request)?;
        self.phase(Phase::RequestBody)
    }

    fn request_body(&mut self, request: &StoredRequest) -> Result<(), Verdict> {
        match self.transaction.request_body_plan() {
            BodyPlan::Skip => return Ok(()),
            BodyPlan::Inspect => {}
            BodyPlan::Reject(verdict) => return Err(verdict),
        }
        if !request.is_whole() {
            self.doubts.insert(Doubt::RequestBody);
        }
        if let Some(body) = &request.body
            && let BodyProgress::Reject(verdict) = self.transaction.request_body(body.as_slice())
        {
            return Err(verdict);
        }
        match self.transaction.request_body_end() {
            BodyProgress::Reject(verdict) => Err(verdict),
            _ => Ok(()),
        }
    }

    /// Phases 3 and 4, when there was a response; the error is an interception.
    fn response(&mut self, event: &EventDetail) -> Result<(), Verdict> {
        let response = &event.response;
        if response.status == 0 || event.interception.as_ref().is_some_and(|cut| cut.phase < 3) {
            return Ok(());
        }
        self.transaction.response_head(
            response.protocol.as_slice(),
            response.status,
            response.reason.as_slice(),
        );
        for (name, value) in &response.headers {
            self.transaction.response_header(name.as_slice(), value.as_slice());
        }
        self.phase(Phase::ResponseHeaders)?;
        match self.transaction.response_body_plan() {
            BodyPlan::Skip => {}
            BodyPlan::Reject(verdict) => return Err(verdict),
            BodyPlan::Inspect => match &response.body {
                Some(body) => {
                    if let BodyProgress::Reject(verdict) = self.transaction.response_body(body.as_slice()) {
                        return Err(verdict);
                    }
                }
                None => {
                    self.doubts.insert(Doubt::ResponseBody);
                }
            },
        }
        let _ = self.transaction.response_body_end();
        self.phase(Phase::ResponseBody)
    }

    fn phase(&mut self, phase: Phase) -> Result<(), Verdict> {
        loop {
            let need = match self.transaction.run(phase, 0) {
                Step::Done(Verdict::Pass) => return Ok(()),
                Step::Done(verdict) => return Err(verdict),
                Step::Need(need) => need,
            };
            let (doubt, answer) = match need {
                Need::Collection { .. } => (Some(Doubt::Collections), Answer::Collection(None)),
                Need::Pause { .. } => (None, Answer::Pause),
                Need::Lookup { .. }
                | Need::Program { .. }
                | Need::Script { .. }
                | Need::StoreFiles { .. } => {
                    (Some(Doubt::Outside), Answer::Failed("a replay asks nobody".to_owned()))
                }
            };
            self.doubts.extend(doubt);
            self.transaction.provide(answer);
        }
    }
}
