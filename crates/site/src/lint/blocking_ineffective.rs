//! Rules that compare the anomaly score with its threshold and can no longer block.
//!
//! `SecRuleRemoveById 949110` → `blocking-ineffective`. Such a rule tests a TX score with `@ge` or `@gt` against a threshold, and
//! its own actions block. It is made ineffective when it is removed, when an update or the default list gives it `pass`, when its file only
//! detects, or when an exclusion that every request meets takes it or its target out. A rule set that scores without any such
//! rule is reported once.
//!
//! Limit: a threshold that is never reached, and a `ctl` that only some requests meet, are a site's own decision.

use portcullis_seclang::{Diagnostic, Span};

use super::model::{ExclusionKind, Rule};
use super::{Check, Lint, Subject};

pub(super) static LINT: Lint = Lint {
    code: "blocking-ineffective",
    summary: "A rule that blocks by anomaly score is there and cannot block.",
    why: "the other rules only add to the score, so what it should block passes",
    check: Check::Rules(check),
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = &subject.model;
    let evaluating: Vec<&Rule> = model.rules.iter().filter(|rule| is_evaluation(rule)).collect();
    for rule in &evaluating {
        if let Some((place, cause, help)) = cause(subject, rule) {
            let message = format!("{} evaluates the anomaly score, and {cause}", rule.name());
            let mut finding = Diagnostic::warning(LINT.code, place, message).with_help(help);
            if place != rule.span {
                finding = finding.with_related(rule.span, "the rule");
            }
            found.push(finding);
        }
    }
    if evaluating.is_empty()
        && let Some(scoring) = model.running().find(|rule| scores(rule))
    {
        let message = "rules add to an anomaly score that no rule compares with a threshold";
        let help = "activate the blocking evaluation of the rule set";
        found.push(
            Diagnostic::warning(LINT.code, scoring.span, message)
                .with_label("the first rule that scores")
                .with_help(help),
        );
    }
}

/// Whether a rule was written to block by score.
fn is_evaluation(rule: &Rule) -> bool {
    let written = rule.disruptive.before_update.as_deref().unwrap_or(&rule.disruptive.name);
    let blocks = rule.disruptive.is_block || ["deny", "drop", "redirect", "proxy"].contains(&written);
    blocks
        && rule.phase < 5
        && rule.links.iter().any(|link| {
            let Some(operator) = &link.operator else { return false };
            let compares = operator.name.as_ref().is_some_and(|name| {
                name.value.eq_ignore_ascii_case("ge") || name.value.eq_ignore_ascii_case("gt")
            });
            let threshold = operator.argument.value.to_ascii_lowercase();
            compares
                && threshold.starts_with(b"%{tx.")
                && link.targets.iter().any(|target| {
                    let key = target.key.as_ref().map(|key| key.value.text.to_ascii_lowercase());
                    target.name.value.eq_ignore_ascii_case("TX") && key.is_some_and(|key| is_score(&key))
                })
        })
}

fn is_score(name: &[u8]) -> bool {
    name.windows(5).any(|part| part == b"score")
}

/// Whether a rule adds to an anomaly score.
fn scores(rule: &Rule) -> bool {
    rule.links.iter().any(|link| {
        link.values("setvar").any(|(value, _)| {
            let text = value.to_ascii_lowercase();
            let name = text.split(|byte| *byte == b'=').next().unwrap_or_default();
            name.starts_with(b"tx.") && name.windows(13).any(|part| part == b"anomaly_score") && {
                text.windows(2).any(|pair| pair == b"=+")
            }
        })
    })
}

/// What keeps a rule from blocking: where, in words, and what to do.
fn cause(subject: &Subject<'_>, rule: &Rule) -> Option<(Span, String, &'static str)> {
    let model = &subject.model;
    if let Some(removed) = rule.removed {
        let help = "exclude the rules that match wrongly, or raise the threshold, instead";
        return Some((removed, "this line removes it".to_owned(), help));
    }
    let disruptive = &rule.disruptive;
    if !["deny", "drop", "redirect", "proxy"].contains(&disruptive.name.as_str()) {
        let said = disruptive.said.unwrap_or(rule.span);
        let help = "give the rule `deny`; to try rules without blocking, set `SecRuleEngine DetectionOnly`";
        let cause = match (&disruptive.before_update, disruptive.is_block) {
            (Some(_), _) => format!("this update lets it `{}`", disruptive.name),
            (None, true) => format!("its `block` stands for the `{}` of the default list", disruptive.name),
            (None, false) => format!("it has `{}`", disruptive.name),
        };
        return Some((said, cause, help));
    }
    let path = subject.loaded.sources.path(rule.span.file);
    let file = path.file_name().unwrap_or_default().as_encoded_bytes();
    if let Some((_, span)) = model.detecting.iter().find(|(name, _)| name == file) {
        let help = "let the file protect; sets whose rules only score can be in detection";
        return Some((*span, "its file only detects".to_owned(), help));
    }
    let excluded = model.exclusions.iter().find(|exclusion| {
        let ExclusionKind::Ctl { rule: by, whole } = exclusion.kind else { return false };
        let Some(by) = model.rules.get(by).filter(|by| by.removed.is_none() && by.section.is_none()) else {
            return false;
        };
        let hides = || {
            exclusion.targets.as_deref().is_some_and(|targets| {
                targets.split(',').any(|target| target.trim().to_ascii_lowercase().starts_with("tx"))
            })
        };
        by.matches_always()
            && by.order() < rule.order()
            && (whole || hides())
            && exclusion.selections.iter().any(|(selector, _)| rule.is_selected(selector))
    })?;
    let help =
        "let only the requests that need it meet the exclusion, or exclude the rules that match wrongly";
    Some((excluded.span, "this exclusion takes it out for every request".to_owned(), help))
}
