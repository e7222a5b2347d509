//! What the rule set's set-up file and `portcullis.toml` say, with fields to change it.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use portcullis_site::TUNINGS;

use super::{Page, changes, render};
use crate::accounts::Role;
use crate::app::App;
use crate::change::Change;
use crate::control::ProxySetting;
use crate::request::{Answer, Failure, Request};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    tunings: Vec<TuningRow>,
    groups: Vec<(String, Vec<ProxySetting>)>,
}

impl SettingsPage {
    /// How many settings of the rules cannot be made here.
    fn lacks(&self) -> usize {
        self.tunings.iter().filter(|row| row.missing.is_some()).count()
    }
}

struct TuningRow {
    name: &'static str,
    summary: &'static str,
    value: String,
    /// Why it cannot be set here.
    missing: Option<String>,
}

pub(super) fn show(app: &App, request: &Request) -> Result<Answer, Failure> {
    page(app, request, StatusCode::OK, None)
}

fn page(app: &App, request: &Request, status: StatusCode, notice: Option<String>) -> Result<Answer, Failure> {
    let page = Page { notice, ..Page::new(app, request, "Settings", "settings")? };
    let site = app.site()?;
    let tunings = TUNINGS.iter().map(|tuning| {
        let (value, missing) = match site.tuning(tuning) {
            Ok(value) => (value.unwrap_or_default(), None),
            Err(error) => (String::new(), Some(error.to_string())),
        };
        TuningRow { name: tuning.name, summary: tuning.summary, value, missing }
    });
    let mut groups: Vec<(String, Vec<ProxySetting>)> = Vec::new();
    for setting in app.control.settings(&site) {
        match groups.iter_mut().find(|(group, _)| *group == setting.group) {
            Some((_, settings)) => settings.push(setting),
            None => groups.push((setting.group.clone(), vec![setting])),
        }
    }
    render(status, &SettingsPage { page, tunings: tunings.collect(), groups })
}

/// Fields that were changed, against what the files say now.
pub(super) fn review(app: &App, request: &Request) -> Result<Answer, Failure> {
    let site = app.site()?;
    let given = |prefix: &str, name: &str| request.field(&format!("{prefix}:{name}")).map(str::trim);
    if request.field("part") == Some("rules") {
        let mut values = BTreeMap::new();
        for tuning in TUNINGS {
            let Some(value) = given("tuning", tuning.name) else { continue };
            let before = site.tuning(tuning).ok().flatten().unwrap_or_default();
            if value.is_empty() && !before.is_empty() {
                let text = format!(
                    "Nothing was changed: {} cannot be left empty, it is {before} now. Its line can be taken out in the \
                     set-up file itself, under Rule sets.",
                    tuning.name
                );
                return page(app, request, StatusCode::UNPROCESSABLE_ENTITY, Some(text));
            }
            if value != before {
                values.insert(tuning.name.to_owned(), value.to_owned());
            }
        }
        return reviewed(app, request, values, |values| Change::Tunings { values });
    }
    crate::gate::check_role(request.viewer()?, Role::Admin)?;
    let mut values = BTreeMap::new();
    for setting in app.control.settings(&site) {
        let Some(value) = given("setting", &setting.name) else { continue };
        if value != setting.value.unwrap_or_default() {
            values.insert(setting.name, value.to_owned());
        }
    }
    reviewed(app, request, values, |values| Change::Settings { values })
}

fn reviewed(
    app: &App,
    request: &Request,
    values: BTreeMap<String, String>,
    change: impl FnOnce(BTreeMap<String, String>) -> Change,
) -> Result<Answer, Failure> {
    if values.is_empty() {
        let text = "Nothing was changed: every field says what the files say already.".to_owned();
        return page(app, request, StatusCode::UNPROCESSABLE_ENTITY, Some(text));
    }
    changes::shown(app, request, &change(values))
}
