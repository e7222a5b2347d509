//! The engine's mode, and the way to protection and back.

use askama::Template;
use axum::http::StatusCode;
use portcullis_insight::Protection;

use super::overview::{List, lists, name_countries};
use super::{Badge, Page, changes, render};
use crate::app::App;
use crate::change::{Change, EngineMode};
use crate::range::{RANGES, Range};
use crate::request::{Answer, Failure, Request};
use crate::view::grouped;

#[derive(Template)]
#[template(path = "protection.html")]
struct ProtectionPage {
    page: Page,
    sentence: String,
    configured: Badge,
    mode: EngineMode,
    /// What is configured and not yet in force.
    waits: bool,
    range: Range,
    ranges: [Range; 4],
    /// What would have been blocked, as a sentence, and where.
    report: String,
    lists: Vec<List>,
}

impl ProtectionPage {
    fn is(&self, mode: &str) -> bool {
        EngineMode::named(mode) == Some(self.mode)
    }
}

pub(super) fn show(app: &App, request: &Request) -> Result<Answer, Failure> {
    let page = Page::new(app, request, "Protection", "protection")?;
    let mode = app.site()?.mode()?;
    let configured = Badge::mode(Some(mode));
    let sentence = format!("{}: {}.", page.mode.word, page.mode.meaning);
    let waits = configured.word != page.mode.word;
    let range = Range::of(request)?;
    let (report, lists) = match app.events().and_then(|events| Ok(events.protection(range.window())?)) {
        Ok(found) => {
            let mut lists = lists(&found.rules, &found.paths, &found.clients, &found.countries, range);
            name_countries(app, &mut lists);
            (told(&found, range), lists)
        }
        Err(failure) => (failure.message, Vec::new()),
    };
    let mode = mode.into();
    render(
        StatusCode::OK,
        &ProtectionPage { page, sentence, configured, mode, waits, range, ranges: RANGES, report, lists },
    )
}

fn told(found: &Protection, range: Range) -> String {
    let totals = &found.totals;
    format!(
        "{} of {} requests in the last {} would have been blocked; {} are stored, and the lists below count those.",
        grouped(totals.would_be_blocked),
        grouped(totals.requests),
        range.text,
        grouped(found.stored),
    )
}

pub(super) fn review(app: &App, request: &Request) -> Result<Answer, Failure> {
    let word = request.required("mode")?;
    let mode = EngineMode::named(word)
        .ok_or_else(|| Failure::invalid(format!("`{word}` is no mode; it is off, detect or protect.")))?;
    changes::shown(app, request, &Change::Mode { mode })
}
