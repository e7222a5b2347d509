//! Run-time target exclusions for a range of ids.
//!
//! `ctl:ruleRemoveTargetById=942100-942199;ARGS:comment` is carried out here and by ModSecurity 2.9, while ModSecurity 3 reads one id and
//! ignores the action without a word (observed with 3.0.9).

use portcullis_engine::RuleSelector;
use portcullis_seclang::Diagnostic;

use super::model::ExclusionKind;
use super::{Check, Lint, Subject};

pub(super) static LINT: Lint = Lint {
    code: "range-with-target",
    summary: "`ctl:ruleRemoveTargetById` names a range of ids.",
    why: "ModSecurity 3 ignores it, so the same files exclude nothing there",
    check: Check::Rules(check),
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for exclusion in &subject.model.exclusions {
        if !matches!(exclusion.kind, ExclusionKind::Ctl { whole: false, .. }) {
            continue;
        }
        for (selector, text) in &exclusion.selections {
            let is_range =
                matches!(selector, RuleSelector::Ids(ids) if ids.iter().any(|(from, to)| from != to));
            if is_range {
                let message =
                    format!("a target is excluded for the range `{text}`, which ModSecurity 3 ignores");
                let help = "name each id with a `ctl` of its own, or select the rules by a tag";
                found.push(Diagnostic::notice(LINT.code, exclusion.span, message).with_help(help));
            }
        }
    }
}
