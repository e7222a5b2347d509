//! Patterns that only the backtracking engine can run.
//!
//! `@rx (a)\1` → `backtracking-pattern`, because of the backreference. Patterns with macros are compiled for each request and are not judged.

use std::collections::HashMap;

use portcullis_seclang::{Diagnostic, Severity, Span};

use super::{Check, Lint, Subject};

pub(super) static LINT: Lint = Lint {
    code: "backtracking-pattern",
    summary: "A pattern runs on the backtracking engine.",
    why: "its time is bounded by `SecPcreMatchLimit` instead of the value's length; where the limit is reached, the rule does not match",
    check: Check::Rules(check),
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut patterns: HashMap<&[u8], Span> = HashMap::new();
    let links = subject.model.rules.iter().flat_map(|rule| &rule.links);
    for operator in links.filter_map(|link| link.operator.as_ref()) {
        patterns.entry(&operator.argument.value).or_insert(operator.span);
    }
    for rule in subject.rule_set.active_rules() {
        let Some(reason) = rule.backtracks() else { continue };
        let message = format!("this pattern needs the backtracking engine: {reason}");
        let place = patterns.get(rule.argument()).copied();
        let mut finding = Diagnostic::new(Severity::Notice, LINT.code, place, message);
        finding.help =
            Some("write it without what is named, or make sure that the values are short".to_owned());
        found.push(finding);
    }
}
