//! `SecRuleUpdateTargetById`, `…ByTag`, `…ByMsg`: add targets (mostly exclusions) to rules.

use portcullis_seclang::{Directive, Word, parse_targets};

use super::selection::RuleSelector;
use super::targets::compile_targets;
use super::update::{Change, Update};
use super::{Compiler, DirectiveInfo};
use crate::ruleset::Target;

/// The record of `SecRuleUpdateTargetById`.
pub(super) static BY_ID: DirectiveInfo = DirectiveInfo {
    name: "SecRuleUpdateTargetById",
    aliases: &[],
    arguments: (2, 3),
    in_location: false,
    summary: "Adds targets to rules by id, or replaces one.",
    compile: |compiler, directive| update(compiler, directive, RuleSelector::ids),
};

/// The record of `SecRuleUpdateTargetByTag`.
pub(super) static BY_TAG: DirectiveInfo = DirectiveInfo {
    name: "SecRuleUpdateTargetByTag",
    aliases: &[],
    arguments: (2, 3),
    in_location: false,
    summary: "Adds targets to rules by a regular expression over their tags.",
    compile: |compiler, directive| update(compiler, directive, RuleSelector::tag),
};

/// The record of `SecRuleUpdateTargetByMsg`.
pub(super) static BY_MSG: DirectiveInfo = DirectiveInfo {
    name: "SecRuleUpdateTargetByMsg",
    aliases: &[],
    arguments: (2, 3),
    in_location: false,
    summary: "Adds targets to rules by a regular expression over their message.",
    compile: |compiler, directive| update(compiler, directive, RuleSelector::msg),
};

fn update(
    compiler: &mut Compiler<'_>,
    directive: &Directive,
    parse: fn(&[u8]) -> Result<RuleSelector, String>,
) {
    let [selection, added, replaced @ ..] = directive.args.as_slice() else { return };
    let selector = match parse(&selection.text) {
        Ok(selector) => selector,
        Err(text) => return compiler.error("invalid-selection", selection.span, text),
    };
    let added_text = target_texts(compiler, added);
    let replaced_text = replaced.first().map(|word| target_texts(compiler, word));
    let mut read = |word| match parse_targets(word) {
        Ok(list) => compile_targets(&list, &[], &mut compiler.tx_names, &mut compiler.diagnostics),
        Err(problems) => {
            compiler.diagnostics.extend(problems);
            Vec::new()
        }
    };
    let added: Vec<Target> = read(added);
    let replaced: Option<Vec<Target>> = replaced.first().map(read);
    let change = Change::Targets { added, added_text, replaced, replaced_text };
    compiler.update_rules(Update { selector, span: selection.span, change });
}

/// The elements of a target list as written, with `|` between them.
fn target_texts(compiler: &Compiler<'_>, word: &Word) -> Vec<u8> {
    let targets = parse_targets(word).unwrap_or_default();
    let texts: Vec<&[u8]> = targets.iter().map(|target| compiler.sources.text(target.span)).collect();
    texts.join(&b'|')
}
