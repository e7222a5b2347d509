//! `GET /api/v1/exclusions`: what is taken out of rules. `GET /api/v1/exclusions/proposals`: what could be, for an event.
//!
//! They are made and taken back by `POST /api/v1/changes` with the kinds `exclude` and `remove-exclusion`.

use portcullis_insight::Proposal;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Endpoint, Field, Kind, given};
use crate::app::App;
use crate::exclusions::{self, Exclusion, Made};
use crate::pages::exclusions::{asked_rule, event, hits, proposed};
use crate::request::{Answer, Failure, Request};
use crate::routes::{Route, VIEW};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/exclusions", VIEW, list).documented(Endpoint::gives::<Exclusions>(
            "The exclusions in the site's own files, in the order in which they are read.",
        )),
        Route::get("/api/v1/exclusions/proposals", VIEW, propose).documented(
            Endpoint::gives::<Proposals>(
                "Exclusions of a rule for an event, narrow to wide, with what each would have changed in stored events.",
            )
            .query([
                Field::required("event", "The id of the request.", Kind::Text),
                Field::new(
                    "rule",
                    "The rule; the first that looked at the request itself without it.",
                    Kind::Number(0, u64::MAX),
                ),
            ])
            .problems(&[404, 409, 503]),
        ),
    ]
}

/// The exclusions of the site.
#[derive(Serialize, JsonSchema)]
struct Exclusions {
    /// All of them.
    exclusions: Vec<OneExclusion>,
}

/// An exclusion.
#[derive(Serialize, JsonSchema)]
struct OneExclusion {
    /// By which it is taken back.
    id: String,
    /// One sentence.
    summary: String,
    /// Ids, ranges of ids, tags and messages of the rules.
    rules: Vec<String>,
    /// What they do not look at; empty when they do not run at all.
    targets: Vec<String>,
    /// Under which condition; empty when always.
    condition: String,
    /// The comment above it.
    reason: String,
    /// The directive.
    text: String,
    /// The file, below the site's root.
    path: String,
    /// Its first line.
    line: u32,
    /// Events of the rules it names by id in the last 30 days; absent when no events are kept, or none is named so.
    events: Option<u64>,
    /// The commit that brought it; absent when it is not committed, or long ago.
    commit: Option<String>,
    /// Who made that.
    author: Option<String>,
    /// When, seconds since the Unix epoch.
    time: Option<i64>,
}

/// Exclusions that could be made.
#[derive(Serialize, JsonSchema)]
struct Proposals {
    /// The event.
    event: String,
    /// The rule.
    rule: u64,
    /// Stored events that they were tried on.
    tried: usize,
    /// Narrow to wide.
    proposals: Vec<Proposal>,
}

fn list(app: &App, _: &Request) -> Result<Answer, Failure> {
    let site = app.site()?;
    let found = exclusions::of(&site)?;
    let made = exclusions::made(&site, &found)?;
    let hits = hits(app);
    let one = |(one, made): (Exclusion, Option<Made>)| {
        let ids: Vec<u64> = one.rules.iter().filter_map(|rule| rule.parse().ok()).collect();
        let hits = hits.as_ref().filter(|_| !ids.is_empty());
        OneExclusion {
            events: hits.map(|hits| ids.iter().filter_map(|id| hits.get(id)).sum()),
            summary: one.summary(),
            id: one.id,
            rules: one.rules,
            targets: one.targets,
            condition: one.condition,
            reason: one.reason,
            text: one.text,
            path: one.path,
            line: one.line,
            commit: made.as_ref().map(|made| made.commit.clone()),
            time: made.as_ref().map(|made| made.seconds),
            author: made.map(|made| made.author),
        }
    };
    given(&Exclusions { exclusions: found.into_iter().zip(made).map(one).collect() })
}

fn propose(app: &App, request: &Request) -> Result<Answer, Failure> {
    let event = event(app, request.asked("event").unwrap_or_default())?;
    let rule = asked_rule(request, &event)?;
    let (tried, proposals) = proposed(app, &event, rule)?;
    given(&Proposals { event: event.summary.id, rule, tried, proposals })
}
