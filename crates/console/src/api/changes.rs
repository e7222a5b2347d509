//! `POST /api/v1/changes/review` and `POST /api/v1/changes`: every change of the site, shown or made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::history::Difference;
use super::{Endpoint, given};
use crate::app::App;
use crate::change::{self, Change, Done};
use crate::control::Finding;
use crate::request::{Answer, Failure, Request};
use crate::routes::{Route, TUNE};

/// What a change names is not there, the site is no longer what it was made for, or the store of events cannot be read.
const CONFLICTS: &[u16] = &[404, 409, 503];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/changes/review", TUNE, review).documented(
            Endpoint::gives::<Reviewed>("What a change would do. Nothing is written.")
                .takes::<Change>()
                .problems(CONFLICTS),
        ),
        Route::post("/api/v1/changes", TUNE, make).documented(
            Endpoint::gives::<Done>("Makes a change: a commit by who asks, in force at once.")
                .takes::<Order>()
                .problems(CONFLICTS),
        ),
    ]
}

/// What a change would do.
#[derive(Serialize, JsonSchema)]
struct Reviewed {
    /// The subject of its commit.
    title: String,
    /// What would be written.
    files: Vec<Difference>,
    /// Whether the site could not run, so that the change is refused.
    failed: bool,
    /// What `check` says of the site with it.
    findings: Vec<Finding>,
    /// The content of the touched files; a change that names it is refused when they changed since.
    base: String,
}

/// A change to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Order {
    /// What to change.
    change: Change,
    /// The `base` of its review; without it the change is made on whatever is there.
    #[serde(default)]
    base: Option<String>,
    /// Why, for the commit's message.
    #[serde(default)]
    reason: String,
}

fn review(app: &App, request: &Request) -> Result<Answer, Failure> {
    let review = change::review(app, &request.json()?)?;
    let files = review.files.into_iter().map(|(path, diff)| Difference { path, diff }).collect();
    given(&Reviewed {
        title: review.title,
        files,
        failed: review.check.failed,
        findings: review.check.findings,
        base: review.base,
    })
}

fn make(app: &App, request: &Request) -> Result<Answer, Failure> {
    let order: Order = request.json()?;
    let done = change::commit(app, request.viewer()?, &order.change, order.base.as_deref(), &order.reason)?;
    given(&done)
}
