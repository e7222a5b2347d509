//! Directives that change rules and stand before them.
//!
//! `SecRuleRemoveById 942100` in `modsecurity.conf`, the rule in `rules/activated_rules` → `exclusion-before-rule`. ModSecurity 2 looks for the
//! rule when it reads the directive. Limit: of several rules that one selection names, one behind which it stands is enough.

use portcullis_seclang::Diagnostic;

use super::model::ExclusionKind;
use super::{Check, Lint, Subject};

pub(super) static LINT: Lint = Lint {
    code: "exclusion-before-rule",
    summary: "`SecRuleRemove…` or `SecRuleUpdate…` stands before the rule that it names.",
    why: "ModSecurity 2 changes rules that are there when it reads the directive, so this one changes nothing",
    check: Check::Rules(check),
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = &subject.model;
    for exclusion in &model.exclusions {
        if matches!(exclusion.kind, ExclusionKind::Ctl { .. }) {
            continue;
        }
        for (selector, text) in &exclusion.selections {
            let mut selected = model.rules.iter().filter(|rule| rule.is_selected(selector)).peekable();
            let Some(first) = selected.peek().map(|rule| rule.span) else { continue };
            if selected.any(|rule| rule.position < exclusion.position) {
                continue;
            }
            let message = format!("the rules that `{text}` selects stand behind this line");
            found.push(
                Diagnostic::warning(LINT.code, exclusion.span, message)
                    .with_related(first, "the first of them")
                    .with_help("move the line behind the rule, to a file that is read later"),
            );
        }
    }
}
