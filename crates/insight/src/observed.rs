//! From what the proxy saw of an exchange to what is stored of it.
//!
//! ```text
//! Record + RuleSet + status, bytes, times ─▶ Event { counts, detail }      detail: only when a rule that logs matched
//! ```
//!
//! The binary calls [`Event::of`] on the worker, after the answer; the record is taken apart, not copied. What rules sanitise is masked in the record already, and
//! nothing here reads anything but the record, so nothing unmasked can get into the store. Long values are cut, long bodies
//! left out: an event has a bounded size.
//!
//! Limit: a rule that matches without logging (`nolog`) leaves no trace in a record, so it makes no event; a rule that
//! intercepts with `nolog` in an engine that only detects is not seen as one that would have blocked.

use portcullis_engine::record::{AlertRule, EngineMode as Mode, Pairs, RecordedRequest, RecordedResponse};
use portcullis_engine::{Phase, Record, RuleSet, Verdict as Decision};

use crate::bytes::Bytes;
use crate::counts::Counts;
use crate::event::{
    EngineMode, EventDetail, EventSummary, Interception, MatchedRule, Score, StoredRequest, StoredResponse,
    Upstream, Verdict,
};

/// How much of a matched value is stored.
pub const VALUE_LIMIT: usize = 4096;

/// How many matches of one exchange are stored.
pub const MATCH_LIMIT: usize = 200;

/// The longest body that is stored.
pub const BODY_LIMIT: usize = 128 << 10;

/// An exchange that is over.
#[derive(Debug)]
pub struct Observed<'a> {
    /// The rules that decided.
    pub rule_set: &'a RuleSet,
    /// What the client got.
    pub status: Option<u16>,
    /// Bytes from the client.
    pub bytes_received: u64,
    /// Bytes to the client.
    pub bytes_sent: u64,
    /// Microseconds from the complete head to the end of the answer.
    pub duration_micros: u64,
    /// The origin's share.
    pub upstream: Option<Upstream>,
    /// Why it failed.
    pub error: Option<&'a str>,
}

/// What goes to the store.
#[derive(Debug, Clone)]
pub struct Event {
    /// Start, microseconds since the Unix epoch.
    pub micros: i64,
    /// What it adds to the counters of its minute.
    pub counts: Counts,
    /// What is stored of it, when a rule that logs matched.
    pub detail: Option<Box<EventDetail>>,
}

impl Event {
    /// See the module.
    pub fn of(mut record: Record, observed: &Observed<'_>) -> Self {
        let (mut matched, mut notes) = (Vec::new(), Vec::new());
        for alert in std::mem::take(&mut record.alerts) {
            match alert.rule {
                Some(rule) => matched.push(matching(observed.rule_set, alert.phase, rule)),
                None if notes.len() < MATCH_LIMIT => notes.push(cut(alert.text)),
                None => {}
            }
        }
        let verdict = verdict(&record, observed, &matched);
        let all = matched.len();
        if all > MATCH_LIMIT {
            let decides = matched.iter().position(|rule| rule.disruptive && rule.sums_up);
            let deciding = decides.filter(|at| *at >= MATCH_LIMIT).map(|at| matched.swap_remove(at));
            matched.truncate(MATCH_LIMIT - usize::from(deciding.is_some()));
            matched.extend(deciding);
        }
        let matched_more = all - matched.len();
        let counts = counts(&record, observed, verdict);
        let micros = record.started_micros;
        let detail = (!matched.is_empty() || verdict == Verdict::Blocked)
            .then(|| Box::new(detail(record, observed, verdict, Matches { matched, matched_more, notes })));
        Self { micros, counts, detail }
    }
}

fn counts(record: &Record, observed: &Observed<'_>, verdict: Verdict) -> Counts {
    let mut counts = Counts {
        requests: 1,
        bytes_received: observed.bytes_received,
        bytes_sent: observed.bytes_sent,
        client_errors: u64::from(observed.status.is_some_and(|status| (400..500).contains(&status))),
        server_errors: u64::from(observed.status.is_some_and(|status| status >= 500)),
        audited: u64::from(record.audit),
        ..Counts::default()
    };
    match verdict {
        Verdict::Blocked => counts.blocked = 1,
        Verdict::WouldBeBlocked => counts.would_be_blocked = 1,
        Verdict::BelowThreshold => counts.below_threshold = 1,
        Verdict::Passed => counts.passed = 1,
        Verdict::Error => counts.errors = 1,
    }
    if let Some(upstream) = &observed.upstream {
        counts.upstream_requests = 1;
        counts.upstream_micros = upstream.duration_micros;
        counts.upstream_bytes = observed.bytes_sent;
    }
    counts
}

fn verdict(record: &Record, observed: &Observed<'_>, matched: &[MatchedRule]) -> Verdict {
    if record.interception.is_some() {
        return Verdict::Blocked;
    }
    let detects = record.engine_mode == Mode::DetectionOnly;
    let would_block = |rule: &MatchedRule| rule.disruptive && rule.phase < 5 && (detects || rule.detecting);
    if matched.iter().any(would_block) {
        Verdict::WouldBeBlocked
    } else if !matched.is_empty() {
        Verdict::BelowThreshold
    } else if observed.error.is_some() {
        Verdict::Error
    } else {
        Verdict::Passed
    }
}

fn matching(rules: &RuleSet, phase: Phase, rule: AlertRule) -> MatchedRule {
    let described = rules.rule_with_id(rule.id);
    let disruptive = described.as_ref().is_some_and(|rule| rule.disrupts());
    let looks_at_scores = described.as_ref().is_some_and(|rule| {
        let targets = rule.targets().strip_prefix(b"&").unwrap_or(rule.targets());
        targets.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"TX:"))
    });
    let has_tag = rule.tags.iter().any(|tag| tag == portcullis_engine::DETECTING_TAG);
    MatchedRule {
        id: rule.id,
        file: rule.file,
        line: rule.line,
        phase: phase.number(),
        msg: cut(rule.msg),
        data: cut(rule.data),
        severity: rule.severity,
        tags: rule.tags.into_iter().map(cut).collect(),
        version: cut(rule.ver),
        variable: cut(rule.variable),
        value_length: rule.value.len(),
        value: cut(rule.value),
        operator: cut(rule.operator_message),
        intercepted: rule.intercepted,
        disruptive,
        sums_up: looks_at_scores && (disruptive || phase == Phase::Logging),
        detecting: has_tag || described.is_some_and(|rule| rule.only_detects()),
    }
}

fn cut(mut bytes: Vec<u8>) -> Bytes {
    bytes.truncate(VALUE_LIMIT);
    Bytes::from(bytes)
}

/// What the alerts of a record say.
struct Matches {
    matched: Vec<MatchedRule>,
    matched_more: usize,
    notes: Vec<Bytes>,
}

fn detail(mut record: Record, observed: &Observed<'_>, verdict: Verdict, matches: Matches) -> EventDetail {
    let Matches { matched, matched_more, notes } = matches;
    let score =
        |(name, value): (&[u8], &[u8])| Score { name: cut(name.to_vec()), value: cut(value.to_vec()) };
    let scores: Vec<Score> = record.scores.iter().map(score).collect();
    let summary = summary(&mut record, observed, verdict, &matched, &scores);
    let hidden = [record.sanitised_args, record.sanitised_request_headers, record.sanitised_response_headers];
    EventDetail {
        summary,
        server: record.server.to_string(),
        request: request(record.request),
        response: response(record.response),
        matched_more,
        notes,
        scores,
        interception: record.interception.map(|interception| {
            let (action, status) = match &interception.verdict {
                Decision::Deny { status } => ("deny", Some(*status)),
                Decision::Redirect { status, .. } => ("redirect", Some(*status)),
                Decision::Drop => ("drop", None),
                Decision::Proxy { .. } => ("proxy", None),
                Decision::Pass => ("allow", None),
            };
            Interception {
                phase: interception.phase.number(),
                action: action.to_owned(),
                status,
                message: cut(interception.message),
            }
        }),
        engine_mode: match record.engine_mode {
            Mode::Off => EngineMode::Off,
            Mode::DetectionOnly => EngineMode::DetectionOnly,
            Mode::On => EngineMode::On,
        },
        audited: record.audit,
        hidden: hidden.into_iter().flatten().map(cut).collect(),
        duration_micros: observed.duration_micros,
        bytes_received: observed.bytes_received,
        bytes_sent: observed.bytes_sent,
        upstream: observed.upstream.clone(),
        error: observed.error.map(str::to_owned),
        matched,
    }
}

fn summary(
    record: &mut Record,
    observed: &Observed<'_>,
    verdict: Verdict,
    matched: &[MatchedRule],
    scores: &[Score],
) -> EventSummary {
    let mut rules = Vec::new();
    for rule in matched {
        if !rules.contains(&rule.id) {
            rules.push(rule.id);
        }
    }
    let telling = matched.iter().find(|rule| !rule.sums_up).or(matched.first());
    let target = &record.request.target;
    let end = target.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(target.len());
    let path = Bytes::from(target.get(..end.min(VALUE_LIMIT)).unwrap_or_default());
    EventSummary {
        seq: 0,
        id: std::mem::take(&mut record.unique_id),
        micros: record.started_micros,
        client: record.client.ip().to_string(),
        host: cut(std::mem::take(&mut record.request.server_name)),
        method: cut(std::mem::take(&mut record.request.method)),
        path,
        status: observed.status,
        verdict,
        score: scores.iter().filter_map(|score| number(&score.value)).max().unwrap_or(0),
        rules,
        message: telling.map(|rule| rule.msg.clone()).unwrap_or_default(),
        instance: String::new(),
    }
}

fn number(value: &Bytes) -> Option<i64> {
    std::str::from_utf8(value.as_slice()).ok()?.trim().parse().ok()
}

fn pairs(pairs: &Pairs) -> Vec<(Bytes, Bytes)> {
    pairs.iter().map(|(name, value)| (Bytes::from(name), Bytes::from(value))).collect()
}

fn body(body: Option<Vec<u8>>) -> Option<Bytes> {
    body.filter(|body| !body.is_empty() && body.len() <= BODY_LIMIT).map(Bytes::from)
}

fn request(request: RecordedRequest) -> StoredRequest {
    StoredRequest {
        line: request.line.into(),
        target: request.target.into(),
        protocol: request.protocol.into(),
        headers: pairs(&request.headers),
        body: body(request.body),
        body_length: request.body_length,
    }
}

fn response(response: RecordedResponse) -> StoredResponse {
    StoredResponse {
        protocol: response.protocol.into(),
        status: response.status,
        reason: cut(response.reason),
        headers: pairs(&response.headers),
        body: body(response.body),
    }
}
