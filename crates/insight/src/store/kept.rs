//! An event as rows hold it, and back.
//!
//! ```text
//! EventDetail ─▶ summary (columns) · rules (numbers of the catalogue) · matched (what words are looked for in) · rest
//! ```
//!
//! Each part is written once; nothing in one can be told from another, so [`Kept`] is the only maker and [`detail`] the only
//! reader. The two parts in bytes are in `postcard`'s format, with clients' bytes as they are: words are looked for in
//! `matched` without reading it. Values follow each other there with a byte or two between them, which a word with just
//! those bytes could be found across. A change of a type that stands in them is a new layout of the store.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::catalogue::{Entries, Entry};
use crate::bytes::Bytes;
use crate::event::{
    EngineMode, EventDetail, EventSummary, Interception, MatchedRule, Score, StoredRequest, StoredResponse,
    Upstream,
};

/// See the module.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) summary: EventSummary,
    /// Its message, when it is not that of the catalogue.
    pub(super) message: Option<String>,
    /// Numbers of the rules that matched, each once, in order.
    pub(super) rules: Vec<i64>,
    pub(super) matched: Vec<u8>,
    pub(super) rest: Vec<u8>,
}

/// What words are looked for in.
#[derive(Debug, Serialize, Deserialize)]
struct Searched {
    target: Bytes,
    error: Option<String>,
    matches: Vec<Match>,
}

/// A match, without what its entry in the catalogue says.
#[derive(Debug, Serialize, Deserialize)]
struct Match {
    /// Which of [`Kept::rules`].
    rule: u32,
    /// When it is not that of the entry.
    message: Option<Bytes>,
    data: Bytes,
    variable: Bytes,
    value: Bytes,
}

#[derive(Debug, Serialize, Deserialize)]
struct Rest {
    server: String,
    line: Bytes,
    protocol: Bytes,
    headers: Vec<(Bytes, Bytes)>,
    body: Option<Bytes>,
    body_length: u64,
    response: StoredResponse,
    matches: Vec<MatchRest>,
    matched_more: usize,
    notes: Vec<Bytes>,
    scores: Vec<Score>,
    interception: Option<Interception>,
    engine_mode: EngineMode,
    audited: bool,
    hidden: Vec<Bytes>,
    duration_micros: u64,
    bytes_received: u64,
    bytes_sent: u64,
    upstream: Option<Upstream>,
}

#[derive(Debug, Serialize, Deserialize)]
struct MatchRest {
    value_length: usize,
    operator: Bytes,
    intercepted: bool,
    /// When the entry has none of them.
    tags: Option<Vec<Bytes>>,
}

impl Kept {
    /// Takes an event apart; with the entries of the rules that matched, see [`Catalogue::entries`](super::catalogue::Catalogue::entries).
    pub(super) fn of(event: EventDetail, entries: &[Arc<Entry>]) -> Result<Self, postcard::Error> {
        let mut rules = Vec::with_capacity(entries.len());
        let (mut matches, mut more) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        for (rule, entry) in event.matched.into_iter().zip(entries) {
            let place = rules.iter().position(|number| *number == entry.number);
            if place.is_none() {
                rules.push(entry.number);
            }
            let place = place.unwrap_or(rules.len() - 1);
            matches.push(Match {
                rule: u32::try_from(place).unwrap_or(u32::MAX),
                message: (rule.msg != entry.message).then_some(rule.msg),
                data: rule.data,
                variable: rule.variable,
                value: rule.value,
            });
            more.push(MatchRest {
                value_length: rule.value_length,
                operator: rule.operator,
                intercepted: rule.intercepted,
                tags: (rule.tags != entry.described.tags).then_some(rule.tags),
            });
        }
        let usual = telling(entries.iter()).map(|entry| &entry.message);
        let message = (usual.unwrap_or(&Bytes::default()) != &event.summary.message)
            .then(|| event.summary.message.to_string());
        let searched = Searched { target: event.request.target, error: event.error, matches };
        let rest = Rest {
            server: event.server,
            line: event.request.line,
            protocol: event.request.protocol,
            headers: event.request.headers,
            body: event.request.body,
            body_length: event.request.body_length,
            response: event.response,
            matches: more,
            matched_more: event.matched_more,
            notes: event.notes,
            scores: event.scores,
            interception: event.interception,
            engine_mode: event.engine_mode,
            audited: event.audited,
            hidden: event.hidden,
            duration_micros: event.duration_micros,
            bytes_received: event.bytes_received,
            bytes_sent: event.bytes_sent,
            upstream: event.upstream,
        };
        let matched = postcard::to_extend(&searched, Vec::with_capacity(1024))?;
        let rest = postcard::to_extend(&rest, Vec::with_capacity(2048))?;
        Ok(Self { summary: event.summary, message, rules, matched, rest })
    }

    /// What it takes in memory, about.
    pub(super) fn weight(&self) -> usize {
        let Self { summary, message, rules, matched, rest } = self;
        let texts = summary.id.len() + summary.client.len() + message.as_ref().map_or(0, String::len);
        let bytes = summary.host.len() + summary.method.len() + summary.path.len() + summary.message.len();
        let numbers = 8 * (rules.capacity() + summary.rules.capacity());
        512 + texts + bytes + numbers + matched.capacity() + rest.capacity()
    }
}

/// The rule whose message stands for an event: the first that looks at the exchange, not at scores.
fn telling<'a>(mut entries: impl Iterator<Item = &'a Arc<Entry>> + Clone) -> Option<&'a Arc<Entry>> {
    let first = entries.clone().next();
    entries.find(|entry| !entry.described.sums_up).or(first)
}

/// Adds to a summary of columns what its rules say.
pub(super) fn complete(summary: &mut EventSummary, message: Option<&str>, rules: &[i64], entries: &Entries) {
    let entries: Vec<&Arc<Entry>> = rules.iter().filter_map(|number| entries.get(*number)).collect();
    for entry in &entries {
        if !summary.rules.contains(&entry.described.id) {
            summary.rules.push(entry.described.id);
        }
    }
    summary.message = match message {
        Some(message) => Bytes::parse(message).unwrap_or_default(),
        None => telling(entries.into_iter()).map(|entry| entry.message.clone()).unwrap_or_default(),
    };
}

/// Puts an event together again; its summary is complete.
pub(super) fn detail(
    summary: EventSummary,
    rules: &[i64],
    matched: &[u8],
    rest: &[u8],
    entries: &Entries,
) -> Result<EventDetail, postcard::Error> {
    let searched: Searched = postcard::from_bytes(matched)?;
    let rest: Rest = postcard::from_bytes(rest)?;
    let matches = searched.matches.into_iter().zip(rest.matches).filter_map(|(of, more)| {
        let number = rules.get(usize::try_from(of.rule).unwrap_or(usize::MAX))?;
        Some(rule(entries.get(*number)?, of, more))
    });
    Ok(EventDetail {
        matched: matches.collect(),
        summary,
        server: rest.server,
        request: StoredRequest {
            line: rest.line,
            target: searched.target,
            protocol: rest.protocol,
            headers: rest.headers,
            body: rest.body,
            body_length: rest.body_length,
        },
        response: rest.response,
        matched_more: rest.matched_more,
        notes: rest.notes,
        scores: rest.scores,
        interception: rest.interception,
        engine_mode: rest.engine_mode,
        audited: rest.audited,
        hidden: rest.hidden,
        duration_micros: rest.duration_micros,
        bytes_received: rest.bytes_received,
        bytes_sent: rest.bytes_sent,
        upstream: rest.upstream,
        error: searched.error,
    })
}

fn rule(entry: &Entry, of: Match, more: MatchRest) -> MatchedRule {
    let described = &entry.described;
    MatchedRule {
        id: described.id,
        file: described.file.clone(),
        line: described.line,
        phase: described.phase,
        msg: of.message.unwrap_or_else(|| entry.message.clone()),
        data: of.data,
        severity: described.severity,
        tags: more.tags.unwrap_or_else(|| described.tags.clone()),
        version: described.version.clone(),
        variable: of.variable,
        value: of.value,
        value_length: more.value_length,
        operator: more.operator,
        intercepted: more.intercepted,
        disruptive: described.disruptive,
        sums_up: described.sums_up,
        detecting: described.detecting,
    }
}
