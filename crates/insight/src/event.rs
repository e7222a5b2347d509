//! An exchange as the event store keeps it: what was asked, what matched, what came of it.
//!
//! A GET with `q=1' OR 1=1-- ` under the CRS in detection → verdict [`Verdict::WouldBeBlocked`], score 5, rules 942100 and
//! 949110. [`crate::observed`] makes events of records, the store writes and reads them, the console and the command line show
//! them. Every type serializes; what a page shows and what the API says is the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

/// What became of an exchange, or would have become of it in protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A rule intercepted it.
    Blocked,
    /// A rule that intercepts matched, in an engine or a set that only detects.
    WouldBeBlocked,
    /// Rules matched, none of which intercepts.
    BelowThreshold,
    /// No rule that logs matched.
    Passed,
    /// It failed for another reason than a rule, and no rule that logs matched.
    Error,
}

impl Verdict {
    /// All, in the order of their numbers in the store.
    pub const ALL: [Verdict; 5] =
        [Self::Blocked, Self::WouldBeBlocked, Self::BelowThreshold, Self::Passed, Self::Error];

    /// The word in filters and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::WouldBeBlocked => "would_be_blocked",
            Self::BelowThreshold => "below_threshold",
            Self::Passed => "passed",
            Self::Error => "error",
        }
    }

    /// The verdict of a word; `-` and `_` are the same.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.replace('-', "_");
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    pub(crate) fn number(self) -> i64 {
        self as i64
    }

    /// The verdict of a number in the store.
    pub(crate) fn numbered(number: i64) -> Self {
        Self::ALL.into_iter().find(|verdict| verdict.number() == number).unwrap_or(Self::Error)
    }
}

/// What a list shows of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventSummary {
    /// Its place in the store, growing; 0 before it is stored.
    pub seq: u64,
    /// The id of the request in every log.
    pub id: String,
    /// Start, microseconds since the Unix epoch.
    pub micros: i64,
    /// The client's address.
    pub client: String,
    /// The name of the server that was asked.
    pub host: Bytes,
    /// The method.
    pub method: Bytes,
    /// The path of the target, as sent.
    pub path: Bytes,
    /// What the client got; `None` when the connection was closed without an answer.
    pub status: Option<u16>,
    /// What became of it.
    pub verdict: Verdict,
    /// The highest anomaly score at the end; 0 when the rules keep none.
    pub score: i64,
    /// Ids of the rules that matched, each once, in order.
    pub rules: Vec<u64>,
    /// The message of the first rule that looked at the request itself, not at a score.
    pub message: Bytes,
    /// The instance that served it; empty where a store has only one.
    #[serde(default)]
    pub instance: String,
}

/// Everything stored of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventDetail {
    /// What lists show.
    pub summary: EventSummary,
    /// Our side of the connection.
    pub server: String,
    /// The request.
    pub request: StoredRequest,
    /// The response.
    pub response: StoredResponse,
    /// Matches of rules that log, in order.
    pub matched: Vec<MatchedRule>,
    /// Matches that were too many to be stored.
    pub matched_more: usize,
    /// Messages of the engine's own.
    pub notes: Vec<Bytes>,
    /// Anomaly scores at the end.
    pub scores: Vec<Score>,
    /// How it was intercepted.
    pub interception: Option<Interception>,
    /// `Off`, `DetectionOnly` or `On` at the end.
    pub engine_mode: EngineMode,
    /// The audit log has an entry of it.
    pub audited: bool,
    /// Names of arguments and header fields that rules asked to hide; their values are asterisks.
    pub hidden: Vec<Bytes>,
    /// Microseconds from the complete head to the end of the answer.
    pub duration_micros: u64,
    /// Bytes from the client.
    pub bytes_received: u64,
    /// Bytes to the client.
    pub bytes_sent: u64,
    /// The origin's share, when it was asked.
    pub upstream: Option<Upstream>,
    /// Why it failed.
    pub error: Option<String>,
}

/// `SecRuleEngine` at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EngineModeAtEnd")]
pub enum EngineMode {
    /// Rules do not run.
    Off,
    /// Nothing is disrupted.
    DetectionOnly,
    /// Rules disrupt.
    On,
}

/// The origin's share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Upstream {
    /// Where the request was sent.
    pub address: String,
    /// What it answered; `None` when no head came.
    pub status: Option<u16>,
    /// Microseconds.
    pub duration_micros: u64,
}

/// The request as the audit log would show it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StoredRequest {
    /// The raw request line.
    pub line: Bytes,
    /// The raw target.
    pub target: Bytes,
    /// `HTTP/1.1`.
    pub protocol: Bytes,
    /// Header fields in order.
    pub headers: Vec<(Bytes, Bytes)>,
    /// The body; `None` when there was none, or when it is not kept: see [`StoredRequest::body_length`].
    pub body: Option<Bytes>,
    /// How many bytes it had.
    pub body_length: u64,
}

impl StoredRequest {
    /// Whether every byte of the request is stored.
    pub fn is_whole(&self) -> bool {
        self.body.as_ref().map_or(0, Bytes::len) as u64 == self.body_length
    }
}

/// The response as rules saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StoredResponse {
    /// `HTTP/1.1`.
    pub protocol: Bytes,
    /// Status; 0 when there was none.
    pub status: u16,
    /// Reason phrase.
    pub reason: Bytes,
    /// Header fields in order.
    pub headers: Vec<(Bytes, Bytes)>,
    /// What rules saw of the body, when part E of the audit log is asked for and it is not too long.
    pub body: Option<Bytes>,
}

/// A match of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatchedRule {
    /// Its id.
    pub id: u64,
    /// The file it stands in, as logs name it.
    pub file: String,
    /// The line.
    pub line: u32,
    /// 1 to 5.
    pub phase: u8,
    /// Its message, macros expanded.
    pub msg: Bytes,
    /// Its `logdata`, macros expanded.
    pub data: Bytes,
    /// 0 (emergency) to 7.
    pub severity: Option<u8>,
    /// Its tags.
    pub tags: Vec<Bytes>,
    /// Version of its rule set.
    pub version: Bytes,
    /// What matched: `ARGS:q`.
    pub variable: Bytes,
    /// The value as the operator saw it, behind all transformations; at most [`crate::observed::VALUE_LIMIT`] bytes of it.
    pub value: Bytes,
    /// How long it was.
    pub value_length: usize,
    /// The operator's message.
    pub operator: Bytes,
    /// It intercepted the exchange.
    pub intercepted: bool,
    /// It intercepts where traffic may be touched.
    pub disruptive: bool,
    /// It looks at scores that other rules have summed up, not at the exchange.
    pub sums_up: bool,
    /// It belongs to a set that only detects, or matched on the scores of one.
    pub detecting: bool,
}

/// A score at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// The name in TX.
    pub name: Bytes,
    /// The value.
    pub value: Bytes,
}

/// How an exchange was intercepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interception {
    /// 1 to 5.
    pub phase: u8,
    /// `deny`, `redirect`, `drop` or `proxy`.
    pub action: String,
    /// The status it asked for.
    pub status: Option<u16>,
    /// The engine's text.
    pub message: Bytes,
}
