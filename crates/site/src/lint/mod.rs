//! `lint`: what loads and is probably not what was meant.
//!
//! `SecRuleRemoveById 942100` above the rule it names → `exclusion-before-rule`, with the place, why it matters and what to do.
//! [`Site::lint`] loads a site, draws a [`model::Model`] of its rules from the directives, and asks every entry of [`LINTS`].
//! A finding is a file here; some are found while loading already and are only explained here.
//!
//! A site with errors is reported as `check` does: what is missing from it would look like a mistake of its exclusions.
//! What only a request decides is not judged: a rule counts as carried out always when nothing stands before its actions.

mod backtracking_pattern;
mod blocking_ineffective;
mod default_actions_differ;
mod duplicate_id;
mod exclusion_before_rule;
mod exclusion_of_nothing;
mod exclusion_too_late;
mod ignored_target;
mod missing_marker;
mod model;
mod range_with_target;
mod unreachable_rule;
mod unused_data_file;

use portcullis_engine::{Compatibility, RuleSet};
use portcullis_seclang::{Diagnostic, Sources};

use crate::load::Loaded;
use crate::site::Site;
use model::Model;

/// A kind of finding.
#[derive(Debug)]
pub struct Lint {
    /// The code of its findings.
    pub code: &'static str,
    /// What is found, in one sentence.
    pub summary: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// How it is found.
    check: Check,
}

/// How a finding comes about.
#[derive(Debug)]
enum Check {
    /// Loading reports it; this is what to do.
    WhileLoading(&'static str),
    /// By looking at the rules.
    Rules(fn(&Subject<'_>, &mut Vec<Diagnostic>)),
}

/// What is looked at.
#[derive(Debug)]
struct Subject<'a> {
    site: &'a Site,
    loaded: &'a Loaded,
    rule_set: &'a RuleSet,
    model: Model,
}

/// Every kind of finding, in the order of docs/lint.md.
pub static LINTS: &[&Lint] = &[
    &exclusion_of_nothing::LINT,
    &exclusion_of_nothing::UPDATE,
    &exclusion_before_rule::LINT,
    &exclusion_too_late::LINT,
    &ignored_target::LINT,
    &range_with_target::LINT,
    &blocking_ineffective::LINT,
    &unreachable_rule::LINT,
    &missing_marker::LINT,
    &duplicate_id::LINT,
    &default_actions_differ::LINT,
    &backtracking_pattern::LINT,
    &unused_data_file::LINT,
];

/// What was found.
#[derive(Debug)]
pub struct Linted {
    /// Findings of loading and of every lint, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// What they point into.
    pub sources: Sources,
}

impl Lint {
    /// The lint with this code.
    pub fn with_code(code: &str) -> Option<&'static Lint> {
        LINTS.iter().copied().find(|lint| lint.code == code)
    }
}

impl Linted {
    /// The findings with why they matter before what to do.
    pub fn explained(&self) -> Vec<Diagnostic> {
        let explained = self.diagnostics.iter().map(|finding| {
            let mut finding = finding.clone();
            if let Some(lint) = Lint::with_code(finding.code) {
                finding.help = Some(match finding.help {
                    Some(help) => format!("{}; {help}", lint.why),
                    None => lint.why.to_owned(),
                });
            }
            finding
        });
        explained.collect()
    }
}

impl Site {
    /// Loads the site and looks for what is probably not meant.
    pub fn lint(&self, compatibility: Compatibility) -> Linted {
        let (loaded, items) = self.load_with_items(compatibility);
        let mut found = Vec::new();
        if let Some(rule_set) = loaded.rule_set.as_deref() {
            let model = Model::of(&items);
            let subject = Subject { site: self, loaded: &loaded, rule_set, model };
            for lint in LINTS {
                if let Check::Rules(check) = lint.check {
                    check(&subject, &mut found);
                }
            }
        }
        let mut diagnostics = loaded.diagnostics;
        for finding in &mut diagnostics {
            if let Some(Check::WhileLoading(help)) = Lint::with_code(finding.code).map(|lint| &lint.check) {
                finding.help = Some((*help).to_owned());
            }
        }
        diagnostics.extend(found);
        diagnostics.sort_by_key(|finding| finding.span.map(|span| (span.file, span.start, span.end)));
        Linted { diagnostics, sources: loaded.sources }
    }
}
