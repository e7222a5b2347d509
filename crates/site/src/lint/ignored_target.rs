//! Targets of an exclusion that exclude nothing.
//!
//! `ctl:ruleRemoveById=942100;ARGS:comment` removes the whole rule, because only `ruleRemoveTargetBy…` takes a target;
//! `ctl:ruleRemoveTargetById=942100;!ARGS:comment` excludes nothing, because the text is compared with `ARGS:comment`.
//! Both are what ModSecurity 2.9.7 does.

use portcullis_seclang::Diagnostic;

use super::model::ExclusionKind;
use super::{Check, Lint, Subject};

pub(super) static LINT: Lint = Lint {
    code: "ignored-target",
    summary: "An exclusion names a target where none is read, or in a form that matches none.",
    why: "either the whole rule is gone, or nothing is excluded",
    check: Check::Rules(check),
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for exclusion in &subject.model.exclusions {
        let (ExclusionKind::Ctl { whole, .. }, Some(targets)) = (exclusion.kind, &exclusion.targets) else {
            continue;
        };
        if whole {
            let message = format!("the target `{targets}` is ignored: the whole rule is removed");
            found.push(
                Diagnostic::warning(LINT.code, exclusion.span, message)
                    .with_help("write `ctl:ruleRemoveTargetBy…` to exclude a target only"),
            );
            continue;
        }
        for target in targets.split(',').map(str::trim).filter(|target| target.starts_with(['!', '&'])) {
            let plain = target.trim_start_matches(['!', '&']);
            let message = format!("`{target}` excludes nothing: targets are compared without `!` and `&`");
            found.push(
                Diagnostic::warning(LINT.code, exclusion.span, message).with_help(format!("write `{plain}`")),
            );
        }
    }
}
