//! What a finished transaction leaves for every later reader: logs, metrics, event store, replay.
//!
//! A [`Record`] owns its bytes. What rules sanitised is already masked in it: no sink ever sees the secret.

use std::net::SocketAddr;
use std::sync::Arc;

pub use crate::pairs::Pairs;
use crate::trace::TraceLine;
use crate::verdict::{Phase, Verdict};

/// One line of the engine: a rule that matched and logs, or a message of the engine's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// ModSecurity's level: 1 interception, 2 warning, 3 error or notice, 4 only for the audit log (`nolog,auditlog`).
    pub level: u8,
    /// The module text from `Warning.` or `Access denied …` up to the last tag of the rule, escaped as ModSecurity
    /// escapes it and cut at 1023 bytes; without client, hostname, uri and unique id. A message of the engine's own is
    /// not escaped: it may hold any byte, line ends included, and each format escapes it its way.
    pub text: Vec<u8>,
    /// The `[uri "…"]` of the line: the raw path in phase 1, the decoded one later (unescaped here).
    pub uri: Vec<u8>,
    /// The rule, for alerts of rules.
    pub rule: Option<AlertRule>,
    /// The phase in which it arose.
    pub phase: Phase,
}

/// Which tags a rule gives: those are shown, though they may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GivenTags {
    /// `rev`.
    pub rev: bool,
    /// `msg`.
    pub msg: bool,
    /// `data`, from `logdata`.
    pub data: bool,
    /// `ver`.
    pub ver: bool,
}

/// The parts of a rule's alert, for structured formats.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertRule {
    /// Rule id.
    pub id: u64,
    /// File as shown in the `file` tag.
    pub file: String,
    /// Line as shown in the `line` tag.
    pub line: u32,
    /// Which of the tags below the rule gives.
    pub given: GivenTags,
    /// `rev`, `ver`: empty when absent.
    pub rev: Vec<u8>,
    /// Version of the rule set.
    pub ver: Vec<u8>,
    /// Expanded `msg`; empty when absent.
    pub msg: Vec<u8>,
    /// Expanded `logdata`; empty when absent.
    pub data: Vec<u8>,
    /// 0–7, `None` when absent.
    pub severity: Option<u8>,
    /// `maturity`.
    pub maturity: Option<u8>,
    /// `accuracy`.
    pub accuracy: Option<u8>,
    /// Expanded tags in order.
    pub tags: Vec<Vec<u8>>,
    /// Full name of the variable that matched (`ARGS:q`).
    pub variable: Vec<u8>,
    /// The value the operator saw, after transformations, masked where sanitised.
    pub value: Vec<u8>,
    /// The operator's message (`Pattern match "…" at ARGS:q.`).
    pub operator_message: Vec<u8>,
    /// The verdict of this rule was carried out.
    pub intercepted: bool,
}

/// A rule that matched, for part K of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedRule {
    /// The rule and its chain links, in order.
    pub links: Vec<MatchedLink>,
    /// Whether the whole chain matched.
    pub complete: bool,
}

/// One rule or chain link of a [`MatchedRule`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedLink {
    /// Canonical text of the rule.
    pub text: Vec<u8>,
    /// Whether it matched.
    pub matched: bool,
    /// Index of the rule in the rule set that decided.
    pub rule: u32,
}

/// A file of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Number of the part in the body, from 1, fields included.
    pub part: u32,
    /// Bytes.
    pub size: u64,
    /// The client's file name.
    pub name: Vec<u8>,
    /// The part's content type, empty when it has none.
    pub content_type: Vec<u8>,
}

/// How a transaction was intercepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interception {
    /// In which phase.
    pub phase: Phase,
    /// How.
    pub verdict: Verdict,
    /// The text of the alert that did it.
    pub message: Vec<u8>,
}

/// The request as the rules saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordedRequest {
    /// The raw request line.
    pub line: Vec<u8>,
    /// The method.
    pub method: Vec<u8>,
    /// The raw target.
    pub target: Vec<u8>,
    /// `HTTP/1.1`.
    pub protocol: Vec<u8>,
    /// The server's name from Host, without port (the `hostname` tag).
    pub server_name: Vec<u8>,
    /// Header fields in order.
    pub headers: Pairs,
    /// The body, when it was read to its end and a part of the audit log asks for it (C, or I for bodies that are not
    /// multipart); what rules saw of it, for multipart bodies no more than `SecRequestBodyInMemoryLimit`.
    pub body: Option<Vec<u8>>,
    /// Part I of a multipart body: its fields urlencoded, files left out.
    pub fake_body: Option<Vec<u8>>,
    /// The body was read as a multipart form.
    pub multipart: bool,
    /// Bytes of the body.
    pub body_length: u64,
}

/// The response as the rules saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordedResponse {
    /// `HTTP/1.1`.
    pub protocol: Vec<u8>,
    /// Status; 0 when there was none.
    pub status: u16,
    /// Reason phrase.
    pub reason: Vec<u8>,
    /// Header fields in order.
    pub headers: Pairs,
    /// What rules saw of the body, when part E is asked for: empty when it was not inspected, `None` when the exchange
    /// ended before it.
    pub body: Option<Vec<u8>>,
    /// The origin sent it chunked.
    pub chunked: bool,
}

/// Microseconds spent in rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stopwatch {
    /// From start to the end of phase 5.
    pub duration: u64,
    /// Per phase.
    pub phases: [u64; 5],
}

/// Parts of an audit entry, a set of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditParts(u32);

impl AuditParts {
    /// The parts named by letters `A`–`K` and `Z`; `None` when another letter occurs.
    pub fn parse(letters: &[u8]) -> Option<Self> {
        let mut parts = Self(0);
        for letter in letters {
            match letter.to_ascii_uppercase() {
                l @ (b'A'..=b'K' | b'Z') => parts.0 |= 1 << (l - b'A'),
                _ => return None,
            }
        }
        Some(parts)
    }

    /// Whether a part is wanted; A and Z always are.
    pub fn has(self, letter: u8) -> bool {
        matches!(letter, b'A' | b'Z') || (letter.is_ascii_uppercase() && self.0 & (1 << (letter - b'A')) != 0)
    }

    /// Both sets.
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without the other's.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// `SecRuleEngine` as it stood at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineMode {
    /// Rules do not run.
    #[default]
    Off,
    /// Rules run; nothing is disrupted.
    DetectionOnly,
    /// Rules run and disrupt.
    On,
}

/// Everything about one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The id in every log.
    pub unique_id: String,
    /// Start, microseconds since the Unix epoch.
    pub started_micros: i64,
    /// Offset of local time from UTC in seconds, for time stamps.
    pub utc_offset_seconds: i32,
    /// The client (REMOTE_ADDR, REMOTE_PORT).
    pub client: SocketAddr,
    /// Our side of the connection.
    pub server: SocketAddr,
    /// The request.
    pub request: RecordedRequest,
    /// The response.
    pub response: RecordedResponse,
    /// Alerts in order.
    pub alerts: Vec<Alert>,
    /// The exchange got past the head of its request: it was not refused for its path or for the announced length of
    /// its body, nor intercepted in phase 1.
    pub handled: bool,
    /// The interception, when there was one.
    pub interception: Option<Interception>,
    /// Rules for part K; filled only when the part is configured.
    pub matched_rules: Vec<MatchedRule>,
    /// Uploaded files.
    pub uploads: Vec<Upload>,
    /// Whether an audit entry is to be written.
    pub audit: bool,
    /// Its parts.
    pub audit_parts: AuditParts,
    /// Names of sanitised arguments, request headers and response headers.
    pub sanitised_args: Vec<Vec<u8>>,
    /// See `sanitised_args`.
    pub sanitised_request_headers: Vec<Vec<u8>>,
    /// See `sanitised_args`.
    pub sanitised_response_headers: Vec<Vec<u8>>,
    /// `SecComponentSignature`s in order.
    pub components: Arc<[String]>,
    /// `SecWebAppId`, SESSIONID, USERID.
    pub web_app: (Vec<u8>, Vec<u8>, Vec<u8>),
    /// `SecGuardianLog` gets a line.
    pub guardian: bool,
    /// `SecSensorId`.
    pub sensor_id: String,
    /// Engine mode at the end.
    pub engine_mode: EngineMode,
    /// Timings.
    pub stopwatch: Stopwatch,
    /// Ids of rules that took as long as `SecRulePerfTime` says, and microseconds.
    pub slow_rules: Vec<(u64, u64)>,
    /// What happened, step by step; empty unless the debug log asks for it.
    pub trace: Vec<TraceLine>,
    /// Anomaly scores and other TX values at the end: (name, value), only those the site asked to keep.
    pub scores: Pairs,
}
