//! `GET /api/v1/settings`: what can be set, and what the files say.

use portcullis_site::TUNINGS;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Endpoint, given};
use crate::app::App;
use crate::control::ProxySetting;
use crate::request::{Answer, Failure, Request};
use crate::routes::{Route, VIEW};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/settings", VIEW, list)
            .documented(Endpoint::gives::<Settings>("What can be set, and what the files say.")),
    ]
}

/// What can be set.
#[derive(Serialize, JsonSchema)]
struct Settings {
    /// What the rule set's set-up file lets one choose.
    tunings: Vec<TuningNow>,
    /// Settings of the proxy.
    settings: Vec<ProxySetting>,
}

/// A choice of the rule set.
#[derive(Serialize, JsonSchema)]
struct TuningNow {
    /// Its name.
    name: String,
    /// What it is.
    summary: String,
    /// What the file says; absent when it says nothing.
    value: Option<String>,
}

fn list(app: &App, _: &Request) -> Result<Answer, Failure> {
    let site = app.site()?;
    let tunings = TUNINGS.iter().map(|tuning| TuningNow {
        name: tuning.name.to_owned(),
        summary: tuning.summary.to_owned(),
        value: site.tuning(tuning).ok().flatten(),
    });
    given(&Settings { tunings: tunings.collect(), settings: app.control.settings(&site) })
}
