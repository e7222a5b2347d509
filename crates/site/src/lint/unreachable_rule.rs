//! Rules that no request can reach.
//!
//! `SecAction "id:1,phase:2,pass,nolog,skipAfter:END"` before five rules of phase 2 and `SecMarker END` → `unreachable-rule` at the first of the
//! five. The same for rules behind a rule that always denies, allows or switches the engine off, and for rules of phase 1 in a
//! `<Location>`, which begins to count after phase 1.
//!
//! Limit: a rule counts as always matching when it has no condition at all ([`Rule::matches_always`]).

use portcullis_seclang::Diagnostic;

use super::model::{Model, Rule};
use super::{Check, Lint, Subject};

pub(super) static LINT: Lint = Lint {
    code: "unreachable-rule",
    summary: "A rule never runs, because one before it always jumps over it or ends the phase.",
    why: "what the rule was to find is not looked for",
    check: Check::Rules(check),
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = &subject.model;
    for rule in model.running().filter(|rule| rule.section.is_some() && rule.phase == 1) {
        let message = format!("{} never runs: sections count from phase 2 on", rule.name());
        let mut finding = Diagnostic::warning(LINT.code, rule.span, message).with_help(
            "let the rule run in phase 2, or test REQUEST_FILENAME in a rule outside of the section",
        );
        if let Some(section) = rule.section {
            finding = finding.with_related(section, "the section");
        }
        found.push(finding);
    }
    for rule in model.running().filter(|rule| rule.section.is_none() && rule.matches_always()) {
        let (unreachable, how) = beyond(model, rule);
        let Some(first) = unreachable.first() else { continue };
        let names: Vec<String> = unreachable.iter().take(3).map(|rule| rule.name()).collect();
        let more = match unreachable.len().saturating_sub(names.len()) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let message = format!("never reached: {}{more}", names.join(", "));
        found.push(
            Diagnostic::warning(LINT.code, first.span, message)
                .with_related(rule.span, how)
                .with_help("give the rule before it a condition, or move the rules"),
        );
    }
}

/// The rules that a rule which always matches keeps from running, and how.
fn beyond<'a>(model: &'a Model, rule: &Rule) -> (Vec<&'a Rule>, &'static str) {
    let Some(link) = rule.links.first() else { return (Vec::new(), "") };
    let later = |rule: &Rule| {
        let order = rule.order();
        move |other: &&Rule| other.order() > order
    };
    let after: Vec<&Rule> = model.running().filter(later(rule)).collect();
    let in_phase = |other: &&Rule| other.phase == rule.phase;
    let off = link.values("ctl").any(|(value, _)| value.eq_ignore_ascii_case(b"ruleEngine=Off"));
    if off {
        return (after, "this always switches the engine off");
    }
    let disruptive = &rule.disruptive;
    match (disruptive.name.as_str(), disruptive.value.to_ascii_lowercase().as_slice()) {
        ("deny" | "drop" | "redirect" | "proxy", _) => {
            let ends = |other: &&Rule| other.phase < 5;
            return (after.into_iter().filter(ends).collect(), "this always ends the request");
        }
        ("allow", b"phase") => {
            return (after.into_iter().filter(in_phase).collect(), "this always ends the phase");
        }
        ("allow", scope) => {
            let last = if scope == b"request" { 2 } else { 4 };
            let ends = |other: &&Rule| other.phase <= last;
            return (after.into_iter().filter(ends).collect(), "this always allows the request");
        }
        _ => {}
    }
    let same = after.into_iter().filter(|other| in_phase(other) && other.section.is_none());
    if let Some((label, _)) = link.values("skipAfter").last() {
        let marker =
            model.markers.iter().find(|marker| marker.position > rule.position && marker.label == label);
        let end = marker.map_or(usize::MAX, |marker| marker.position);
        let skipped = same.take_while(|other| {
            other.position < end
                && other.id.map(|id| id.to_string()).as_deref().map(str::as_bytes) != Some(label)
        });
        return (skipped.collect(), "this always jumps over them");
    }
    let count =
        link.values("skip").last().and_then(|(count, _)| std::str::from_utf8(count).ok()?.parse().ok());
    (same.take(count.unwrap_or(0)).collect(), "this always skips them")
}
