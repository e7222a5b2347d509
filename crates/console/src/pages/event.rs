//! One request: why its verdict, what was sent and what came back, as it is stored.
//!
//! Everything here may come from an attacker and is printed as text; what rules hide is masked before it is stored.

use askama::Template;
use axum::http::StatusCode;
use portcullis_insight::{Bytes, EngineMode, EventDetail, Explanation, MatchedRule};
use portcullis_site::Site;

use super::explained::{self, Added, Value};
use super::{Badge, Page, render};
use crate::app::App;
use crate::request::{Answer, Failure, Request};
use crate::view::{ago, bytes, curl, moment, printable};

/// Bytes of a value, a field or a body that the page shows.
const SHOWN: usize = 16 << 10;

/// Matches that stand open: the rest is a click away.
const OPEN: usize = 3;

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    page: Page,
    id: String,
    sentence: String,
    verdict: Badge,
    time: String,
    ago: String,
    score: i64,
    status: String,
    matches: Vec<Match>,
    matched_more: usize,
    notes: Vec<String>,
    request: Message,
    response: Message,
    curl: String,
    lacks: String,
    scores: Vec<(String, String)>,
    /// What each rule added, by a replay.
    added: Vec<Added>,
    /// What the steps must be taken with a grain of salt for.
    doubts: Vec<&'static str>,
    facts: Vec<(&'static str, String)>,
}

impl EventPage {
    /// Whether an exclusion of one of its rules can be proposed.
    fn excludable(&self) -> bool {
        self.matches.iter().any(|one| one.excludable)
    }
}

/// A match of a rule.
struct Match {
    id: u64,
    message: String,
    data: String,
    variable: String,
    value: String,
    cut: String,
    operator: String,
    place: String,
    /// Where the console shows it.
    link: Option<String>,
    /// The values it matched, step by step; none when it does not match in a replay.
    values: Vec<Value>,
    more_values: usize,
    /// It does not match by the rules in force.
    is_missing: bool,
    tags: Vec<String>,
    words: Vec<&'static str>,
    phase: u8,
    is_open: bool,
    /// It looked at the request itself, so an exclusion of it can be proposed.
    excludable: bool,
}

/// A request or a response.
struct Message {
    line: String,
    fields: Vec<(String, String)>,
    body: Option<String>,
    about_body: String,
}

pub(super) fn show(app: &App, request: &Request) -> Result<Answer, Failure> {
    let page = Page::new(app, request, "Event", "events")?;
    let id = request.parameter("id");
    let event = app.events()?.get(id)?.ok_or_else(|| Failure::missing(format!("The event `{id}`")))?;
    let seconds = event.summary.micros.div_euclid(1_000_000);
    let verdict = Badge::verdict(event.summary.verdict);
    let (curl, lacks) = curl(&event);
    let explanation = app.control.explain(&event);
    let site = app.site()?;
    let matches = matches(&event, explanation.as_ref(), &site);
    let doubts =
        explanation.as_ref().map(|found| found.doubts.iter().map(|doubt| doubt.sentence()).collect());
    let text = |bytes: &Bytes| printable(bytes.as_slice(), SHOWN);
    let found = EventPage {
        id: event.summary.id.clone(),
        sentence: format!("{}: {}.", verdict.word, verdict.meaning),
        verdict,
        time: moment(seconds),
        ago: ago(seconds),
        score: event.summary.score,
        status: event.summary.status.map_or_else(|| "none".to_owned(), |status| status.to_string()),
        matches,
        added: explanation.as_ref().map(explained::added).unwrap_or_default(),
        doubts: doubts.unwrap_or_default(),
        matched_more: event.matched_more,
        notes: event.notes.iter().map(text).collect(),
        request: sent(&event),
        response: answered(&event),
        curl,
        lacks: lacks.join("; "),
        scores: event.scores.iter().map(|score| (text(&score.name), text(&score.value))).collect(),
        facts: facts(&event, app.control.country(&event.summary.client)),
        page,
    };
    render(StatusCode::OK, &found)
}

/// The matches of an event; the steps stand at the first of each rule.
fn matches(event: &EventDetail, explanation: Option<&Explanation>, site: &Site) -> Vec<Match> {
    let mut told: Vec<u64> = Vec::new();
    let one = |(at, rule): (usize, &MatchedRule)| {
        let mut one = Match::of(rule, at < OPEN);
        one.link = explained::link(site, &rule.file, rule.id);
        if let Some(explanation) = explanation.filter(|_| !told.contains(&rule.id)) {
            (one.values, one.more_values) = explained::values(explanation, rule.id);
            one.is_missing = explanation.missing.contains(&rule.id);
            told.push(rule.id);
        }
        one
    };
    event.matched.iter().enumerate().map(one).collect()
}

impl Match {
    fn of(rule: &MatchedRule, is_open: bool) -> Self {
        let mut words = Vec::new();
        if rule.intercepted {
            words.push("refused the request");
        } else if rule.disruptive {
            words.push("would refuse");
        }
        if rule.sums_up {
            words.push("looks at scores");
        }
        if rule.detecting {
            words.push("its set only detects");
        }
        let cut = match rule.value_length.saturating_sub(rule.value.len()) {
            0 => String::new(),
            more => format!("{more} bytes more are not stored"),
        };
        let text = |bytes: &Bytes| printable(bytes.as_slice(), SHOWN);
        Self {
            id: rule.id,
            message: text(&rule.msg),
            data: text(&rule.data),
            variable: text(&rule.variable),
            value: text(&rule.value),
            cut,
            operator: text(&rule.operator),
            place: format!("{}, line {}", rule.file.rsplit('/').next().unwrap_or(&rule.file), rule.line),
            link: None,
            values: Vec::new(),
            more_values: 0,
            is_missing: false,
            tags: rule.tags.iter().map(text).collect(),
            words,
            phase: rule.phase,
            is_open,
            excludable: !rule.sums_up,
        }
    }
}

fn fields(headers: &[(Bytes, Bytes)]) -> Vec<(String, String)> {
    let text = |bytes: &Bytes| printable(bytes.as_slice(), SHOWN);
    headers.iter().map(|(name, value)| (text(name), text(value))).collect()
}

fn sent(event: &EventDetail) -> Message {
    let request = &event.request;
    let about_body = match &request.body {
        _ if request.body_length == 0 => String::new(),
        Some(_) if request.is_whole() => bytes(request.body_length),
        Some(body) => format!("the first {} of {}", bytes(body.len() as u64), bytes(request.body_length)),
        None => format!("{} that are not stored", bytes(request.body_length)),
    };
    Message {
        line: printable(request.line.as_slice(), SHOWN),
        fields: fields(&request.headers),
        body: request.body.as_ref().map(|body| printable(body.as_slice(), SHOWN)),
        about_body,
    }
}

fn answered(event: &EventDetail) -> Message {
    let response = &event.response;
    let text = |bytes: &Bytes| printable(bytes.as_slice(), SHOWN);
    let line = match response.status {
        0 => String::new(),
        status => format!("{} {status} {}", text(&response.protocol), text(&response.reason)),
    };
    let body = response.body.as_ref().map(text);
    let about_body = response.body.as_ref().map(|body| bytes(body.len() as u64)).unwrap_or_default();
    Message { line, fields: fields(&response.headers), body, about_body }
}

fn facts(event: &EventDetail, country: Option<String>) -> Vec<(&'static str, String)> {
    let milliseconds = |micros: u64| format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10);
    let mode = match event.engine_mode {
        EngineMode::Off => "Off",
        EngineMode::DetectionOnly => "DetectionOnly",
        EngineMode::On => "On",
    };
    let mut facts = vec![
        ("Id", event.summary.id.clone()),
        ("Client", event.summary.client.clone()),
        ("Host", printable(event.summary.host.as_slice(), SHOWN)),
        ("Server", event.server.clone()),
        ("SecRuleEngine", mode.to_owned()),
        ("Took", milliseconds(event.duration_micros)),
        ("Bytes", format!("{} in, {} out", bytes(event.bytes_received), bytes(event.bytes_sent))),
        ("Audit log", if event.audited { "has an entry" } else { "has no entry" }.to_owned()),
    ];
    if let Some(country) = country {
        facts.insert(2, ("Country", country));
    }
    if let Some(origin) = &event.upstream {
        let status = origin.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        facts.push((
            "Origin",
            format!("{}, {status}, {}", origin.address, milliseconds(origin.duration_micros)),
        ));
    }
    if let Some(how) = &event.interception {
        let status = how.status.map(|status| format!(" with {status}")).unwrap_or_default();
        facts.push(("Refused", format!("{}{status} in phase {}", how.action, how.phase)));
    }
    if !event.hidden.is_empty() {
        let names: Vec<String> = event.hidden.iter().map(|name| printable(name.as_slice(), 200)).collect();
        facts.push(("Masked", names.join(", ")));
    }
    if let Some(error) = &event.error {
        facts.push(("Error", error.clone()));
    }
    facts
}
