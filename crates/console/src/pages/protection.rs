//! The engine's mode, and the way to protection and back.

use askama::Template;
use axum::http::StatusCode;

use super::{Badge, Page, changes, render};
use crate::app::App;
use crate::change::{Change, EngineMode};
use crate::request::{Answer, Failure, Request};

#[derive(Template)]
#[template(path = "protection.html")]
struct ProtectionPage {
    page: Page,
    sentence: String,
    configured: Badge,
    mode: EngineMode,
    /// What is configured and not yet in force.
    waits: bool,
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
    render(StatusCode::OK, &ProtectionPage { page, sentence, configured, mode: mode.into(), waits })
}

pub(super) fn review(app: &App, request: &Request) -> Result<Answer, Failure> {
    let word = request.required("mode")?;
    let mode = EngineMode::named(word)
        .ok_or_else(|| Failure::invalid(format!("`{word}` is no mode; it is off, detect or protect.")))?;
    changes::shown(app, request, &Change::Mode { mode })
}
