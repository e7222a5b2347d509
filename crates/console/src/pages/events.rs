//! Requests that matched a rule: the list with its filter, and its live tail.

use askama::Template;
use axum::http::StatusCode;
use portcullis_insight::{EventSummary, EventsError, Filter, FilterError, Verdict};

use super::{Badge, Page, render};
use crate::api::events::number;
use crate::app::{App, now};
use crate::live;
use crate::range::{RANGES, Range};
use crate::request::{Answer, Failure, Request, encoded};
use crate::view::{grouped, other_day, printable, time_of_day};

/// Rows of a page.
const ROWS: usize = 50;

/// Bytes of a path that a row shows; the record has all.
const SHOWN: usize = 300;

#[derive(Template)]
#[template(path = "events.html")]
struct EventsPage {
    page: Page,
    sentence: String,
    query: String,
    verdict: String,
    range: Range,
    ranges: [Range; 4],
    verdicts: Vec<(&'static str, &'static str)>,
    /// Whether events can be asked for by country.
    knows_countries: bool,
    mistake: Option<String>,
    rows: Vec<Row>,
    older: Option<String>,
    live: String,
}

/// A row of a list of events.
#[derive(Template)]
#[template(path = "event_row.html")]
pub(super) struct Row {
    link: String,
    moment: String,
    time: String,
    /// The date, where it is not today's.
    day: String,
    verdict: Badge,
    score: i64,
    method: String,
    path: String,
    rules: String,
    message: String,
    client: String,
    status: String,
}

impl Badge {
    /// What became of an exchange.
    pub(super) fn verdict(verdict: Verdict) -> Self {
        let (class, dot, word, meaning) = match verdict {
            Verdict::Blocked => ("blocked", "stop", "Blocked", "a rule refused it"),
            Verdict::WouldBeBlocked => {
                ("would", "half", "Would be blocked", "it passed, as nothing is blocked here")
            }
            Verdict::BelowThreshold => ("", "", "Below threshold", "rules matched, none refuses"),
            Verdict::Passed => ("ok", "tick", "Passed", "no rule matched"),
            Verdict::Error => ("blocked", "tri", "Error", "it failed for another reason than a rule"),
        };
        Self { class, dot, word, meaning }
    }
}

impl Row {
    pub(super) fn of(event: &EventSummary) -> Self {
        let shown: Vec<String> = event.rules.iter().take(3).map(u64::to_string).collect();
        let more = event.rules.len().saturating_sub(shown.len());
        let more = if more == 0 { String::new() } else { format!(" +{more}") };
        Self {
            link: format!("/events/{}", encoded(&event.id)),
            moment: crate::view::moment(event.micros.div_euclid(1_000_000)),
            time: time_of_day(event.micros.div_euclid(1_000_000)),
            day: other_day(event.micros.div_euclid(1_000_000), now()),
            verdict: Badge::verdict(event.verdict),
            score: event.score,
            method: printable(event.method.as_slice(), 30),
            path: printable(event.path.as_slice(), SHOWN),
            rules: format!("{}{more}", shown.join(" ")),
            message: shortened(&printable(event.message.as_slice(), SHOWN)),
            client: event.client.clone(),
            status: event.status.map_or_else(|| "none".to_owned(), |status| status.to_string()),
        }
    }
}

/// A message in the width of its column; the record has all of it.
fn shortened(message: &str) -> String {
    match message.char_indices().nth(44) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

/// The words of the filter with the verdict that was chosen beside it.
fn text(request: &Request) -> String {
    let query = request.asked("q").unwrap_or_default();
    match request.asked("verdict").filter(|verdict| !verdict.is_empty()) {
        Some(verdict) => format!("{query} verdict:{verdict}"),
        None => query.to_owned(),
    }
}

pub(super) fn show(app: &App, request: &Request) -> Result<Answer, Failure> {
    let page = Page::new(app, request, "Events", "events")?;
    let range = Range::of(request)?;
    let text = text(request);
    let filter = Filter::parse(&text);
    let mut status = if filter.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (rows, total, next, mistake) = match filter {
        Ok(filter) if filter.asks_for_places() && !app.events()?.knows_places() => {
            status = StatusCode::UNPROCESSABLE_ENTITY;
            (Vec::new(), 0, None, Some(format!("{}.", EventsError::NoPlaces)))
        }
        Ok(filter) => {
            let (events, filter) = (app.events()?, filter.within(range.window()));
            let before = number(request, "before")?;
            let found = events.list(&filter, before, ROWS)?;
            let rows = found.items.iter().map(Row::of).collect();
            // To look for words takes as long as there are events: not twice where the page shows all.
            let total = match (before, found.next) {
                (None, None) => found.items.len() as u64,
                _ => events.count(&filter)?,
            };
            (rows, total, found.next, None)
        }
        Err(error) => (Vec::new(), 0, None, Some(told(&text, &error))),
    };
    let noun = if total == 1 { "request" } else { "requests" };
    let sentence = format!(
        "{} {noun} that matched rules in the last {}. Requests without a match are counted, not stored. Times are UTC.",
        grouped(total),
        range.text
    );
    let query = request.asked("q").unwrap_or_default().to_owned();
    let verdict = request.asked("verdict").unwrap_or_default().to_owned();
    let address = format!("q={}&verdict={}", encoded(&query), encoded(&verdict));
    let older = next.map(|next| format!("/events?{address}&range={}&before={next}", range.word));
    let live = format!("/events/live?{address}");
    let verdicts = [Verdict::Blocked, Verdict::WouldBeBlocked, Verdict::BelowThreshold];
    let verdicts = verdicts.map(|verdict| (verdict.name(), Badge::verdict(verdict).word)).to_vec();
    let found = EventsPage {
        page,
        sentence,
        query,
        verdict,
        range,
        ranges: RANGES,
        verdicts,
        knows_countries: app.events().is_ok_and(|events| events.knows_places()),
        mistake,
        rows,
        older,
        live,
    };
    render(status, &found)
}

/// A mistake in words, with the word that it is about.
fn told(text: &str, error: &FilterError) -> String {
    format!("`{}`: {}.", text.get(error.start..error.end).unwrap_or_default(), error.message)
}

pub(super) fn live(app: &App, request: &Request) -> Result<Answer, Failure> {
    // Each event is one line of the stream, so the row must be one too.
    let row = |event: &EventSummary| Row::of(event).render().unwrap_or_default().replace(['\n', '\r'], " ");
    live::tail(app, request, Filter::parse(&text(request))?, row)
}
