//! `GET /api/v1/rule-sets`, `GET /api/v1/rule-sets/{name}`, `GET /api/v1/files/{path}`, `POST /api/v1/check`.

use std::path::{Path, PathBuf};

use portcullis_site::{Changes, RuleSetFile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Endpoint, given};
use crate::app::App;
use crate::change::{SetState, digest, editable, switched_off};
use crate::control::Finding;
use crate::request::{Answer, Failure, Request};
use crate::routes::{Route, VIEW};
use crate::rules::{self, RuleSummary};

pub(super) fn routes() -> Vec<Route> {
    let get = |path, run| Route::get(path, VIEW, run);
    vec![
        get("/api/v1/rule-sets", list)
            .documented(Endpoint::gives::<RuleSets>("The rule sets, those that run first.")),
        get("/api/v1/rule-sets/{name}", one)
            .documented(Endpoint::gives::<OneRuleSet>("A rule set with its rules and its text.")),
        get("/api/v1/files/{*path}", file).documented(Endpoint::gives::<File>(
            "The text of a file that can be edited, with the base its change needs.",
        )),
        Route::post("/api/v1/check", VIEW, check).documented(
            Endpoint::gives::<Checked>("What is wrong with the site, with a draft of a file in it.")
                .takes::<Draft>(),
        ),
    ]
}

/// The rule sets of the site.
#[derive(Serialize, JsonSchema)]
struct RuleSets {
    /// In the order in which they run; those that are off at the end.
    rule_sets: Vec<RuleSet>,
    /// Ids of rules that are off, whatever set they stand in.
    rules_off: Vec<u64>,
}

/// A rule set.
#[derive(Serialize, JsonSchema)]
struct RuleSet {
    /// Its name.
    name: String,
    /// What it calls itself.
    title: String,
    /// What it says of itself.
    description: String,
    /// Its state.
    state: SetState,
    /// How many rules it has, without chain links.
    rules: usize,
    /// The paranoia levels its rules name.
    paranoia_levels: Vec<u8>,
    /// Whether what runs differs from what it was copied from.
    edited: bool,
    /// What it was copied from.
    source: Option<PathBuf>,
    /// The file that runs.
    activated: Option<PathBuf>,
}

/// A rule set with all there is.
#[derive(Serialize, JsonSchema)]
struct OneRuleSet {
    /// The set.
    rule_set: RuleSet,
    /// Its rules.
    rules: Vec<RuleSummary>,
    /// Ids of its rules that are off.
    rules_off: Vec<u64>,
    /// The text that runs, or would be copied.
    text: String,
    /// What a change of the text must name.
    base: String,
}

/// A file.
#[derive(Serialize, JsonSchema)]
struct File {
    /// Below the site's root.
    path: String,
    /// Its text; what is no UTF-8 comes as the replacement character.
    text: String,
    /// What a change of the text must name.
    base: String,
}

/// A text to check in place of a file's.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Draft {
    /// Below the site's root.
    path: String,
    /// The whole text.
    text: String,
}

/// What was found.
#[derive(Serialize, JsonSchema)]
struct Checked {
    /// Whether the site could not run.
    failed: bool,
    /// Everything there is to say.
    findings: Vec<Finding>,
    /// The words of `portcullis check`.
    text: String,
}

impl RuleSet {
    fn of(set: &RuleSetFile) -> Self {
        Self {
            name: set.name.clone(),
            title: set.about.title.clone(),
            description: set.about.description.clone(),
            state: set.state.into(),
            rules: set.about.rules,
            paranoia_levels: set.about.paranoia_levels.iter().copied().collect(),
            edited: set.is_edited,
            source: set.source.clone(),
            activated: set.activated.clone(),
        }
    }
}

fn list(app: &App, _: &Request) -> Result<Answer, Failure> {
    let site = app.site()?;
    let rule_sets = site.rule_sets()?.iter().map(RuleSet::of).collect();
    given(&RuleSets { rule_sets, rules_off: switched_off(&site)? })
}

fn one(app: &App, request: &Request) -> Result<Answer, Failure> {
    let site = app.site()?;
    let set = site.rule_set_file(request.parameter("name"))?;
    let path = set.activated.as_ref().or(set.source.as_ref()).ok_or_else(|| Failure::missing(&set.name))?;
    let text = site.text(path)?;
    let rules = rules::of(&text);
    let mut rules_off = switched_off(&site)?;
    rules_off.retain(|id| rules.iter().any(|rule| rule.id == Some(*id)));
    given(&OneRuleSet {
        rule_set: RuleSet::of(&set),
        rules,
        rules_off,
        base: digest(&text),
        text: String::from_utf8_lossy(&text).into_owned(),
    })
}

fn file(app: &App, request: &Request) -> Result<Answer, Failure> {
    let path = request.parameter("path");
    if !editable(path) {
        return Err(Failure::missing(format!("`{path}`")));
    }
    let text = app.site()?.read_file(path, u64::from(u32::MAX))?.ok_or_else(|| Failure::missing(path))?;
    let base = digest(&text);
    given(&File { path: path.to_owned(), text: String::from_utf8_lossy(&text).into_owned(), base })
}

fn check(app: &App, request: &Request) -> Result<Answer, Failure> {
    let draft: Draft = request.json()?;
    if !editable(&draft.path) {
        return Err(Failure::invalid(format!("`{}` is not edited here.", draft.path)));
    }
    let mut changes = Changes::default();
    changes.write(Path::new(&draft.path), draft.text.into_bytes());
    let found = app.control.check(&app.site()?.with_changes(&changes));
    given(&Checked { failed: found.failed, findings: found.findings, text: found.text })
}
