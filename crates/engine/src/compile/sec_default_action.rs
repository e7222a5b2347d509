//! `SecDefaultAction`: the list that the rules behind it begin with.
//!
//! As in ModSecurity v2 one list is active at a time, whatever its phase; the latest one counts. A site may choose one per
//! phase, as v3 has it ([`crate::Compatibility::default_actions_per_phase`]).

use portcullis_seclang::{Diagnostic, Directive, parse_actions};

use super::draft::{Draft, Place};
use super::{Compiler, DirectiveInfo};

/// The record of `SecDefaultAction`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecDefaultAction",
    aliases: &[],
    arguments: (1, 1),
    in_location: false,
    summary: "The list of actions that the rules behind it begin with.",
    compile,
};

/// Actions that make no sense for every rule.
const FORBIDDEN: [&str; 9] =
    ["id", "rev", "ver", "msg", "maturity", "accuracy", "chain", "skip", "skipAfter"];

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let Some(word) = directive.args.first() else { return };
    let list = match parse_actions(word) {
        Ok(list) => list,
        Err(problems) => {
            compiler.diagnostics.extend(problems);
            return;
        }
    };
    let before = compiler.diagnostics.len();
    for action in &list {
        if FORBIDDEN.iter().any(|name| name.eq_ignore_ascii_case(&action.name.value)) {
            let text = format!("SecDefaultAction must not contain `{}`", action.name.value);
            compiler.error("forbidden-default", action.span, text);
        }
    }
    let mut draft = Draft::default();
    let diagnostics = &mut compiler.diagnostics;
    draft.apply_all(&list, Place::Starter, &mut compiler.tx_names, &mut compiler.selectors, diagnostics);
    let has_unknown = compiler.diagnostics.iter().skip(before).any(|found| found.code == "unknown-action");
    if draft.disruptive.is_none() && !has_unknown {
        compiler.error("incomplete-default", word.span, "SecDefaultAction must specify a disruptive action");
    }
    if !list.iter().any(|action| action.name.value.eq_ignore_ascii_case("phase")) {
        compiler.error("incomplete-default", word.span, "SecDefaultAction must specify a phase");
    }
    if compiler.diagnostics.len() != before {
        return;
    }
    if compiler.environment.compatibility.default_actions_per_phase {
        if let Some(of_phase) = draft.phase.and_then(|phase| compiler.phase_defaults.get_mut(phase.index())) {
            *of_phase = Some(draft);
        }
        return;
    }
    if let Some(first) = compiler.default_span.filter(|_| differs(&compiler.default, &draft)) {
        compiler.diagnostics.push(
            Diagnostic::warning(
                "default-actions-differ",
                directive.span,
                "this list replaces an earlier one that differs",
            )
            .with_related(first, "the earlier list")
            .with_help(
                "one list is active at a time: it counts for the rules behind it, whatever their phase",
            ),
        );
    }
    compiler.default = draft;
    compiler.default_span = Some(directive.span);
}

fn differs(a: &Draft, b: &Draft) -> bool {
    (&a.disruptive, a.status, a.log, a.audit_log, &a.tags)
        != (&b.disruptive, b.status, b.log, b.audit_log, &b.tags)
}
