//! `ctl:ruleRemove…` in a rule that runs after the rule it should change.
//!
//! `SecAction "id:1,phase:2,pass,ctl:ruleRemoveById=920100"` when 920100 runs in phase 1 → `exclusion-too-late`. Limit: of several rules that one
//! selection names, one that runs later is enough.

use portcullis_seclang::Diagnostic;

use super::model::{ExclusionKind, Rule};
use super::{Check, Lint, Subject};

pub(super) static LINT: Lint = Lint {
    code: "exclusion-too-late",
    summary: "`ctl:ruleRemove…` stands in a later phase than the rule it names, or behind it.",
    why: "a `ctl` counts from the moment it is carried out, and the rule has run by then",
    check: Check::Rules(check),
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = &subject.model;
    for exclusion in &model.exclusions {
        let ExclusionKind::Ctl { rule, .. } = exclusion.kind else { continue };
        let Some(own) = model.rules.get(rule).filter(|rule| rule.removed.is_none()) else { continue };
        for (selector, text) in &exclusion.selections {
            let selected: Vec<&Rule> = model.running().filter(|rule| rule.is_selected(selector)).collect();
            let Some(last) = selected.iter().max_by_key(|rule| rule.order()) else { continue };
            // A rule that excludes itself means the requests that come to nothing else; it has run as well.
            if last.order() > own.order() {
                continue;
            }
            let (message, help) = if last.phase < own.phase {
                let message = format!(
                    "`{text}` selects {}, which runs in phase {}, before this rule in phase {}",
                    last.name(),
                    last.phase,
                    own.phase
                );
                (message, format!("put the `ctl` into a rule of phase {} that stands before it", last.phase))
            } else {
                let message = format!("`{text}` selects {}, which has run before this rule", last.name());
                (message, "move this rule before it".to_owned())
            };
            found.push(
                Diagnostic::warning(LINT.code, exclusion.span, message)
                    .with_related(last.span, "runs first")
                    .with_help(help),
            );
        }
    }
}
