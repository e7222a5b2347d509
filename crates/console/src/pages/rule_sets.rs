//! The rule sets of the site with their switches.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use portcullis_site::{RuleSetFile, State};

use super::{Page, changes, render};
use crate::app::App;
use crate::change::{Change, SetState, switched_off};
use crate::request::{Answer, Failure, Request, encoded};
use crate::view::{counted, grouped};

#[derive(Template)]
#[template(path = "rule_sets.html")]
struct RuleSetsPage {
    page: Page,
    sentence: String,
    detects_only: bool,
    groups: Vec<(&'static str, Vec<Row>)>,
    off: Vec<u64>,
}

/// A set as a row shows it.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) link: String,
    pub(super) title: String,
    pub(super) state: SetState,
    pub(super) rules: String,
    pub(super) levels: String,
    pub(super) notes: Vec<&'static str>,
}

impl Row {
    pub(super) fn of(set: &RuleSetFile) -> Self {
        let levels = &set.about.paranoia_levels;
        let levels = match (levels.first(), levels.last()) {
            (Some(first), Some(last)) if first == last => format!("level {first}"),
            (Some(first), Some(last)) => format!("levels {first} to {last}"),
            _ => String::new(),
        };
        let mut notes = Vec::new();
        if set.is_edited {
            notes.push("Edited here");
        }
        if set.source.is_none() {
            notes.push("Only copy");
        }
        Self {
            link: format!("/rulesets/{}", encoded(&set.name)),
            title: if set.about.title.is_empty() { set.name.clone() } else { set.about.title.clone() },
            name: set.name.clone(),
            state: set.state.into(),
            rules: grouped(set.about.rules as u64),
            levels,
            notes,
        }
    }

    pub(super) fn is(&self, state: &str) -> bool {
        SetState::named(state) == Some(self.state)
    }
}

pub(super) fn show(app: &App, request: &Request) -> Result<Answer, Failure> {
    page(app, request, StatusCode::OK, None)
}

fn page(app: &App, request: &Request, status: StatusCode, notice: Option<String>) -> Result<Answer, Failure> {
    let page = Page { notice, ..Page::new(app, request, "Rule sets", "rulesets")? };
    let site = app.site()?;
    let sets = site.rule_sets()?;
    let (running, off): (Vec<_>, Vec<_>) = sets.iter().partition(|set| set.state != State::Off);
    let detecting = running.iter().filter(|set| set.state == State::Detect).count();
    let rules: usize = running.iter().map(|set| set.about.rules).sum();
    let sentence = format!(
        "{} of {} run, with {}; {} of them only {}.",
        grouped(running.len() as u64),
        counted(sets.len(), "set"),
        counted(rules, "rule"),
        grouped(detecting as u64),
        if detecting == 1 { "detects" } else { "detect" },
    );
    let rows = |sets: Vec<&RuleSetFile>| -> Vec<Row> { sets.into_iter().map(Row::of).collect() };
    let groups = [("These run, in this order", rows(running)), ("These are off", rows(off))];
    let groups = groups.into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
    let detects_only = page.mode.class == "detect";
    let off = switched_off(&site)?;
    render(status, &RuleSetsPage { page, sentence, detects_only, groups, off })
}

/// The switches that stand elsewhere than the sets do.
pub(super) fn review(app: &App, request: &Request) -> Result<Answer, Failure> {
    let sets = app.site()?.rule_sets()?;
    let mut states = BTreeMap::new();
    for set in &sets {
        let Some(word) = request.field(&format!("set:{}", set.name)) else { continue };
        let wanted = SetState::named(word).ok_or_else(|| {
            Failure::invalid(format!("`{word}` is no state; a set is off, detect or protect."))
        })?;
        if wanted != SetState::from(set.state) {
            states.insert(set.name.clone(), wanted);
        }
    }
    if states.is_empty() {
        let text = "Nothing was changed: every set is as its switch says already.".to_owned();
        return page(app, request, StatusCode::UNPROCESSABLE_ENTITY, Some(text));
    }
    changes::shown(app, request, &Change::RuleSetStates { states })
}
