//! `GET /api/v1/status`: what runs now. `GET /api/v1/session`: who asks.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Endpoint, given};
use crate::accounts::Role;
use crate::app::App;
use crate::change::EngineMode;
use crate::request::{Answer, Failure, Request};
use crate::routes::{Route, VIEW};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/status", VIEW, status).documented(Endpoint::gives::<StatusNow>("What runs now.")),
        Route::get("/api/v1/session", VIEW, session).documented(Endpoint::gives::<SessionNow>("Who asks.")),
    ]
}

/// What runs now.
#[derive(Serialize, JsonSchema)]
struct StatusNow {
    /// The site's name.
    site: String,
    /// The program's version.
    version: String,
    /// When the process started, seconds since the Unix epoch.
    started: i64,
    /// Requests answered since then.
    served: u64,
    /// The mode in force; absent when it cannot be told.
    mode: Option<EngineMode>,
    /// The content of the rules in force, as a hash.
    fingerprint: String,
    /// Rules in force, without chain links.
    rules: usize,
    /// Where the proxy listens.
    listening: Vec<String>,
    /// The origin.
    upstream: String,
    /// Why the site cannot be changed from here; absent when it can.
    read_only: Option<String>,
    /// What needs somebody.
    warnings: Vec<String>,
}

/// Who asks.
#[derive(Serialize, JsonSchema)]
struct SessionNow {
    /// The account.
    account: String,
    /// What it may do.
    role: Role,
    /// What changes must carry in the header `X-CSRF-Token`; absent for API tokens.
    csrf: Option<String>,
}

fn status(app: &App, _: &Request) -> Result<Answer, Failure> {
    let now = app.status();
    given(&StatusNow {
        site: now.name,
        version: now.version,
        started: now.started,
        served: now.served,
        mode: now.mode.map(EngineMode::from),
        fingerprint: now.fingerprint,
        rules: now.rules,
        listening: now.listening,
        upstream: now.upstream,
        read_only: now.read_only,
        warnings: now.warnings,
    })
}

fn session(_: &App, request: &Request) -> Result<Answer, Failure> {
    let viewer = request.viewer()?;
    given(&SessionNow { account: viewer.account.clone(), role: viewer.role, csrf: viewer.csrf.clone() })
}
