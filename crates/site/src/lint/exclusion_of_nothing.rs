//! Exclusions that name no loaded rule.
//!
//! `SecRuleRemoveById 94210` when only 942100 is there → `exclusion-of-nothing`. What `SecRuleUpdate…` names is reported while loading,
//! as `no-rule-selected`. Rules that another exclusion took out before count as loaded.

use portcullis_seclang::Diagnostic;

use super::model::ExclusionKind;
use super::{Check, Lint, Subject};

pub(super) static LINT: Lint = Lint {
    code: "exclusion-of-nothing",
    summary: "`SecRuleRemove…` or `ctl:ruleRemove…` names no loaded rule.",
    why: "what was to be excluded goes on; an id may be mistyped, or the rule set was renumbered",
    check: Check::Rules(check),
};

pub(super) static UPDATE: Lint = Lint {
    code: "no-rule-selected",
    summary: "`SecRuleUpdate…` names no loaded rule.",
    why: "what was to be changed goes on as it was; an id may be mistyped, or the rule set was renumbered",
    check: Check::WhileLoading("correct the id, tag or message, or remove the line"),
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = &subject.model;
    for exclusion in model.exclusions.iter().filter(|e| e.kind != ExclusionKind::Update) {
        for (selector, text) in &exclusion.selections {
            if model.rules.iter().any(|rule| rule.is_selected(selector)) {
                continue;
            }
            let message = format!("no loaded rule is selected by `{text}`");
            found.push(
                Diagnostic::warning(LINT.code, exclusion.span, message)
                    .with_help("correct the id, tag or message, or remove the exclusion"),
            );
        }
    }
}
