//! `GET /api/v1/accounts` and `POST /api/v1/accounts`: who may use the console, and what can be done about it;
//! `GET /api/v1/accounts/trail`: what was done.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Endpoint, given};
use crate::accounts::{AccountSummary, TrailEntry};
use crate::app::App;
use crate::people::{self, Deed};
use crate::request::{Answer, Failure, Request};
use crate::routes::{ADMIN, Route, VIEW};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/accounts", VIEW, list).documented(Endpoint::gives::<People>(
            "Accounts with their roles and tokens: all of them for an admin, one's own otherwise.",
        )),
        Route::post("/api/v1/accounts", VIEW, act).documented(
            Endpoint::gives::<Done>(
                "Accounts made, removed, given a role (which needs the role `admin`); one's own password and tokens.",
            )
            .takes::<Deed>(),
        ),
        Route::get("/api/v1/accounts/trail", ADMIN, trail).documented(Endpoint::gives::<Trail>(
            "What was done to accounts and tokens, and who tried to sign in, the newest first.",
        )),
    ]
}

/// Who may use the console.
#[derive(Serialize, JsonSchema)]
struct People {
    /// By name.
    accounts: Vec<AccountSummary>,
}

/// What was done to accounts, and who tried to sign in.
#[derive(Serialize, JsonSchema)]
struct Trail {
    /// The newest first, at most 200.
    entries: Vec<TrailEntry>,
}

/// What was done.
#[derive(Serialize, JsonSchema)]
struct Done {
    /// The accounts now, as the list tells them.
    accounts: Vec<AccountSummary>,
    /// The secret of a new token, told this once.
    secret: Option<String>,
}

fn list(app: &App, request: &Request) -> Result<Answer, Failure> {
    given(&People { accounts: people::seen_by(app, request.viewer()?) })
}

fn trail(app: &App, request: &Request) -> Result<Answer, Failure> {
    given(&Trail { entries: people::trail(app, request.viewer()?)? })
}

fn act(app: &App, request: &Request) -> Result<Answer, Failure> {
    let viewer = request.viewer()?;
    let secret = people::act(app, viewer, &request.peer, request.json()?)?;
    given(&Done { accounts: people::seen_by(app, viewer), secret })
}
