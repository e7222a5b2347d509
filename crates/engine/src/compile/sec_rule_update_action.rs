//! `SecRuleUpdateActionById`: changes the actions of a rule.

use portcullis_seclang::{Directive, parse_actions};

use super::selection::RuleSelector;
use super::update::{Change, Update};
use super::{Compiler, DirectiveInfo};

/// The record of `SecRuleUpdateActionById`.
pub(super) static DIRECTIVE: DirectiveInfo = DirectiveInfo {
    name: "SecRuleUpdateActionById",
    aliases: &[],
    arguments: (2, 2),
    in_location: false,
    summary: "Changes the actions of a rule; `ID:N` means the N-th link of its chain.",
    compile,
};

fn compile(compiler: &mut Compiler<'_>, directive: &Directive) {
    let [selection, actions] = directive.args.as_slice() else { return };
    let text = selection.lossy().into_owned();
    let (id, offset) = match text.split_once(':') {
        Some((id, offset)) => (id.to_owned(), offset.trim().parse::<usize>().unwrap_or(0)),
        None => (text, 0),
    };
    let selector = match RuleSelector::ids(id.as_bytes()) {
        Ok(selector) => selector,
        Err(text) => return compiler.error("invalid-selection", selection.span, text),
    };
    let list = match parse_actions(actions) {
        Ok(list) => list,
        Err(problems) => return compiler.diagnostics.extend(problems),
    };
    for action in &list {
        if ["id", "phase"].iter().any(|name| name.eq_ignore_ascii_case(&action.name.value)) {
            let text = format!("the {} of a rule cannot be changed", action.name.value);
            compiler.error("forbidden-update", action.span, text);
            return;
        }
    }
    compiler.update_rules(Update {
        selector,
        span: selection.span,
        change: Change::Actions { list, offset },
    });
}
