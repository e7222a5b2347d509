//! The page that shows what a change would do, and the form on it that makes it.

use askama::Template;
use axum::http::StatusCode;

use super::{Page, render};
use crate::accounts::Role;
use crate::app::App;
use crate::change::{self, Change, EngineMode, Review};
use crate::control::Finding;
use crate::request::{Answer, Failure, Request, see_other};
use crate::view::{DiffLine, counted, diff_lines};

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    page: Page,
    title: String,
    sentence: String,
    files: Vec<(String, Vec<DiffLine>)>,
    findings: Vec<Finding>,
    check: String,
    failed: bool,
    /// Why it cannot be committed by who looks at it.
    refused: Option<String>,
    /// What went wrong when it was tried.
    problem: Option<String>,
    change: String,
    base: String,
    reason: String,
    /// The reason is part of the change, so it is not asked for again.
    is_explained: bool,
    /// What must be typed to confirm.
    confirm: Option<String>,
    back: &'static str,
    verb: &'static str,
}

/// Shows a change that a page made of its form.
pub(super) fn shown(app: &App, request: &Request, change: &Change) -> Result<Answer, Failure> {
    page(app, request, change, StatusCode::OK, None)
}

fn page(
    app: &App,
    request: &Request,
    change: &Change,
    status: StatusCode,
    problem: Option<String>,
) -> Result<Answer, Failure> {
    let page = Page::new(app, request, "Review", section(change))?;
    let Review { title, files, check, base } = change::review(app, change)?;
    let files: Vec<_> = files.into_iter().map(|(path, text)| (path, diff_lines(&text))).collect();
    let needed = change.role();
    let refused = if page.role < needed {
        Some(format!("Committing this needs the role {}; yours is {}.", needed.name(), page.role.name()))
    } else {
        page.read_only.clone()
    };
    let confirm = matches!(change, Change::Mode { .. }).then(|| page.site.clone());
    let sentence = match files.len() {
        0 => "Nothing would change: the site is like this already.".to_owned(),
        n => format!("{} would change. Nothing is written yet.", counted(n, "file")),
    };
    let change_text = serde_json::to_string(change).map_err(|error| Failure::invalid(error.to_string()))?;
    let review = ReviewPage {
        title,
        sentence,
        files,
        failed: check.failed,
        findings: check.findings,
        check: check.text,
        refused,
        problem,
        change: change_text,
        base,
        is_explained: matches!(change, Change::Exclude { .. }),
        reason: request.field("reason").unwrap_or_default().to_owned(),
        confirm,
        back: back(change),
        verb: verb(change),
        page,
    };
    render(status, &review)
}

fn section(change: &Change) -> &'static str {
    match change {
        Change::RuleSetStates { .. } | Change::Rules { .. } | Change::File { .. } => "rulesets",
        Change::Exclude { .. } | Change::RemoveExclusion { .. } => "exclusions",
        Change::Tunings { .. } | Change::Settings { .. } => "settings",
        Change::Mode { .. } => "protection",
        Change::Restore { .. } => "history",
    }
}

fn back(change: &Change) -> &'static str {
    match section(change) {
        "exclusions" => "/exclusions",
        "settings" => "/settings",
        "protection" => "/protection",
        "history" => "/history",
        _ => "/rulesets",
    }
}

fn verb(change: &Change) -> &'static str {
    match change {
        Change::Mode { mode: EngineMode::Protect } => "Switch to Protect",
        Change::Mode { mode: EngineMode::Detect } => "Switch to Detect",
        Change::Mode { mode: EngineMode::Off } => "Switch off",
        Change::Exclude { .. } => "Commit exclusion",
        Change::RemoveExclusion { .. } => "Commit removal",
        Change::Restore { .. } => "Commit the restored files",
        _ => "Commit change",
    }
}

/// Makes the change that the form carries; when the site is another by now, it is shown again.
pub(super) fn commit(app: &App, request: &Request) -> Result<Answer, Failure> {
    let text = request.required("change")?;
    let change: Change = serde_json::from_str(text)
        .map_err(|error| Failure::invalid(format!("The form does not carry a change: {error}.")))?;
    let viewer = request.viewer()?;
    let site = app.control.status().name;
    if matches!(change, Change::Mode { .. }) && request.field("confirm").map(str::trim) != Some(site.as_str())
    {
        let problem = format!("Type the site's name, {site}, to confirm.");
        return page(app, request, &change, StatusCode::UNPROCESSABLE_ENTITY, Some(problem));
    }
    let reason = request.field("reason").unwrap_or_default();
    match change::commit(app, viewer, &change, request.field("base"), reason) {
        Ok(done) => Ok(see_other(&match &done.commit {
            Some(commit) => format!("/history/{commit}"),
            None => back(&change).to_owned(),
        })),
        Err(failure) if is_worth_another_look(&failure, viewer.role) => {
            page(app, request, &change, failure.status, Some(failure.message.clone())).map_err(|_| failure)
        }
        Err(failure) => Err(failure),
    }
}

fn is_worth_another_look(failure: &Failure, role: Role) -> bool {
    role >= Role::Tune && matches!(failure.status, StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY)
}
