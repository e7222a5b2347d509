//! The pages, a file each: what a page needs is gathered here, how it looks stands in `templates/`.
//!
//! `GET /rulesets` → `rule_sets.rs` → `templates/rule_sets.html` in the layout of `templates/layout.html`. Each page opens with the
//! sentence that holds its answer. What nothing computes is not on a page.

mod assets;
mod changes;
mod event;
mod events;
pub(crate) mod exclusions;
mod explained;
mod history;
mod overview;
mod people;
mod protection;
mod rule_set;
mod rule_sets;
mod settings;
mod sign_in;
mod theme;

use askama::Template;
use axum::http::StatusCode;
use portcullis_site::Mode;

use crate::accounts::Role;
use crate::app::App;
use crate::request::{Answer, Failure, Request, html, see_other};
use crate::routes::{ADMIN, Access, Route, TUNE, VIEW};

/// The pages' rows of the list.
pub(crate) fn routes() -> Vec<Route> {
    let get = |path, run| Route::get(path, VIEW, run);
    vec![
        get("/", overview::show),
        get("/events", events::show),
        get("/events/live", events::live),
        get("/events/{id}", event::show),
        get("/rulesets", rule_sets::show),
        Route::post("/rulesets", TUNE, rule_sets::review),
        get("/rulesets/{name}", rule_set::show),
        Route::post("/rulesets/{name}", TUNE, rule_set::switch),
        get("/files/{*path}", rule_set::file),
        Route::post("/files/{*path}", TUNE, rule_set::edit),
        get("/exclusions", exclusions::show),
        Route::post("/exclusions", TUNE, exclusions::review),
        get("/exclusions/new", exclusions::propose),
        get("/protection", protection::show),
        Route::post("/protection", ADMIN, protection::review),
        get("/history", history::list),
        get("/history/{commit}", history::show),
        Route::post("/history/{commit}", ADMIN, history::restore),
        get("/settings", settings::show),
        Route::post("/settings", TUNE, settings::review),
        get("/people", people::show),
        Route::post("/people", VIEW, people::act),
        Route::post("/changes/commit", TUNE, changes::commit),
        Route::get("/login", Access::Public, sign_in::form),
        Route::post("/login", Access::Public, sign_in::sign_in),
        Route::post("/logout", VIEW, sign_in::sign_out),
        Route::get("/setup", Access::Public, sign_in::setup_form),
        Route::post("/setup", Access::Public, sign_in::set_up),
        Route::post("/preferences/theme", VIEW, theme::set),
        Route::get("/assets/console.css", Access::Public, assets::css),
        Route::get("/assets/console.js", Access::Public, assets::js),
        Route::get("/favicon.svg", Access::Public, assets::icon),
    ]
}

/// What the layout shows on every page.
pub(crate) struct Page {
    pub(crate) title: String,
    /// The page of the navigation that this one belongs to.
    pub(crate) section: &'static str,
    pub(crate) site: String,
    pub(crate) mode: Badge,
    pub(crate) account: String,
    pub(crate) role: Role,
    pub(crate) csrf: String,
    /// `light`, `dark` or nothing.
    pub(crate) theme: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) read_only: Option<String>,
    /// What became of a form that this page answers.
    pub(crate) notice: Option<String>,
    pub(crate) path: String,
}

/// A word with its shape and colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Badge {
    pub(crate) class: &'static str,
    pub(crate) dot: &'static str,
    pub(crate) word: &'static str,
    pub(crate) meaning: &'static str,
}

impl Badge {
    /// The mode of the engine.
    pub(crate) fn mode(mode: Option<Mode>) -> Self {
        let (class, dot, word, meaning) = match mode {
            Some(Mode::Protect) => ("protect", "full", "Protect", "attacks are blocked"),
            Some(Mode::Detect) => ("detect", "half", "Detect only", "nothing is blocked"),
            Some(Mode::Off) => ("", "", "Off", "no rule runs"),
            None => ("blocked", "tri", "Unknown", "the mode cannot be told"),
        };
        Self { class, dot, word, meaning }
    }
}

impl Page {
    /// The frame of a page for who asks.
    pub(crate) fn new(
        app: &App,
        request: &Request,
        title: impl Into<String>,
        section: &'static str,
    ) -> Result<Self, Failure> {
        let viewer = request.viewer()?;
        let status = app.status();
        Ok(Self {
            title: title.into(),
            section,
            mode: Badge::mode(status.mode),
            site: status.name,
            account: viewer.account.clone(),
            role: viewer.role,
            csrf: viewer.csrf.clone().unwrap_or_default(),
            theme: theme::of(request).to_owned(),
            warnings: status.warnings,
            read_only: status.read_only,
            notice: None,
            path: request.target.clone(),
        })
    }

    /// Whether who asks may change rules.
    pub(crate) fn tunes(&self) -> bool {
        self.role >= Role::Tune && self.read_only.is_none()
    }

    /// Whether who asks may do everything.
    pub(crate) fn decides(&self) -> bool {
        self.role >= Role::Admin && self.read_only.is_none()
    }
}

/// A template as an answer.
pub(crate) fn render(status: StatusCode, template: &impl Template) -> Result<Answer, Failure> {
    let text = template.render();
    let text = text.map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(html(status, text))
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    page: Page,
    message: String,
    status: StatusCode,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    theme: String,
    message: String,
}

/// Why there is no page, as a page; who is not signed in is sent to do so.
pub(crate) fn failure(app: &App, request: &Request, failure: &Failure) -> Answer {
    if failure.status == StatusCode::UNAUTHORIZED {
        return see_other(&format!("/login?next={}", crate::request::encoded(&request.target)));
    }
    let page = Page::new(app, request, "Not done", "");
    let page =
        page.map(|page| FailurePage { page, message: failure.message.clone(), status: failure.status });
    let rendered = match page {
        Ok(page) => render(failure.status, &page),
        Err(_) => {
            let theme = theme::of(request).to_owned();
            render(failure.status, &RefusedPage { theme, message: failure.message.clone() })
        }
    };
    rendered.unwrap_or_else(|failure| crate::api::problem(&failure))
}
