//! `GET /api/v1/overview`, `/events`, `/events/live`, `/events/{id}`, `/instances`, `/protection`: what the event store tells.

use portcullis_insight::{
    EventDetail, EventSummary, Explanation, Filter, Instance, Overview, Page, Protection,
};

use super::{Endpoint, Field, Kind, given};
use crate::app::App;
use crate::request::{Answer, Failure, Request};
use crate::routes::{Route, VIEW};
use crate::{live, range};

const FILTER: Field = Field::new(
    "q",
    "A filter: words as in rule:942100 path:/shop/* score:>=5 verdict:blocked, all of which must hold.",
    Kind::Text,
);
const RANGE: Field = Field::new("range", range::MEANING, Kind::Range);
const BEFORE: Field = Field::new("before", "What `next` of the page before said.", Kind::Number(0, u64::MAX));
const LIMIT: Field =
    Field::new("limit", "How many; 50 without it.", Kind::Number(1, portcullis_insight::MOST_ON_PAGE as u64));

/// No store is open, or it cannot be read.
const NO_STORE: &[u16] = &[503];

pub(super) fn routes() -> Vec<Route> {
    let get =
        |path, run, endpoint: Endpoint| Route::get(path, VIEW, run).documented(endpoint.problems(NO_STORE));
    vec![
        get(
            "/api/v1/overview",
            overview,
            Endpoint::gives::<Overview>(
                "Counts over time, and the rules, paths and clients with the most events.",
            )
            .query([RANGE]),
        ),
        get(
            "/api/v1/instances",
            instances,
            Endpoint::gives::<Vec<Instance>>(
                "The instances that share the event store, with what each counted; none where it is a file.",
            )
            .query([RANGE]),
        ),
        get(
            "/api/v1/protection",
            protection,
            Endpoint::gives::<Protection>("What protection would have blocked.").query([RANGE]),
        ),
        get(
            "/api/v1/events",
            list,
            Endpoint::gives::<Page<EventSummary>>("Requests that matched a rule, newest first.")
                .query([FILTER, RANGE, BEFORE, LIMIT]),
        ),
        get(
            "/api/v1/events/live",
            tail,
            Endpoint::streams("Events as they come, each the JSON of the list.").query([FILTER]),
        ),
        get(
            "/api/v1/events/{id}",
            one,
            Endpoint::gives::<EventDetail>(
                "All that is stored of a request, by its id. What rules hide is masked.",
            ),
        ),
        get(
            "/api/v1/events/{id}/explanation",
            explain,
            Endpoint::gives::<Explanation>(
                "Why rules matched it, step by step, by a replay with the rules in force.",
            ),
        ),
    ]
}

fn overview(app: &App, request: &Request) -> Result<Answer, Failure> {
    given(&app.events()?.overview(range::Range::of(request)?.window())?)
}

fn instances(app: &App, request: &Request) -> Result<Answer, Failure> {
    given(&app.events()?.instances(range::Range::of(request)?.window())?)
}

fn protection(app: &App, request: &Request) -> Result<Answer, Failure> {
    given(&app.events()?.protection(range::Range::of(request)?.window())?)
}

/// The filter that a request asks for, in no stretch of time yet.
pub(crate) fn filter(request: &Request) -> Result<Filter, Failure> {
    Ok(Filter::parse(request.asked("q").unwrap_or_default())?)
}

/// A number of the query.
pub(crate) fn number(request: &Request, name: &str) -> Result<Option<u64>, Failure> {
    let wrong = |text| Failure::invalid(format!("`{name}` is a number, and `{text}` is none."));
    request.asked(name).map(|text| text.parse().map_err(|_| wrong(text))).transpose()
}

fn list(app: &App, request: &Request) -> Result<Answer, Failure> {
    let filter = filter(request)?.within(range::Range::of(request)?.window());
    let limit = number(request, "limit")?.unwrap_or(50);
    if !(1..=portcullis_insight::MOST_ON_PAGE as u64).contains(&limit) {
        return Err(Failure::invalid("`limit` is 1 to 500."));
    }
    let before = number(request, "before")?;
    given(&app.events()?.list(&filter, before, usize::try_from(limit).unwrap_or(1))?)
}

fn tail(app: &App, request: &Request) -> Result<Answer, Failure> {
    live::tail(app, request, filter(request)?, |event| serde_json::to_string(event).unwrap_or_default())
}

fn explain(app: &App, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter("id");
    let event = app.events()?.get(id)?.ok_or_else(|| Failure::missing(format!("The event `{id}`")))?;
    let none = || Failure::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "No rules are in force to ask.");
    given(&app.control.explain(&event).ok_or_else(none)?)
}

fn one(app: &App, request: &Request) -> Result<Answer, Failure> {
    let id = request.parameter("id");
    let found = app.events()?.get(id)?;
    given(&found.ok_or_else(|| Failure::missing(format!("The event `{id}`")))?)
}
