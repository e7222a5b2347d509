//! `SecRuleUpdateTargetById`, `…ByTag`, `…ByMsg`: add targets (mostly exclusions) to rules that stand before.

use portcullis_seclang::{Diagnostic, Directive, Word, parse_targets};

use super::selection::RuleSelector;
use super::targets::compile_targets;
use super::{Compiler, DirectiveInfo};
use crate::ruleset::{Selector, Target};

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
    let starters = compiler.selected_starters(&selector);
    if starters.is_empty() {
        compiler.diagnostics.push(
            Diagnostic::warning("no-rule-selected", selection.span, "no rule before this line is selected")
                .with_help("updates act on rules that are loaded already: put the line behind them"),
        );
    }
    for rule in &mut compiler.rules {
        if starters.binary_search(&rule.starter).is_err() {
            continue;
        }
        if let Some(old) = &replaced {
            let before = rule.targets.len();
            rule.targets.retain(|target| !old.iter().any(|old| same(old, target)));
            if rule.targets.len() == before {
                continue;
            }
        }
        let text = rule.target_text.get_or_insert_default();
        match replaced_text
            .as_deref()
            .and_then(|old| memchr::memmem::find(text, old).map(|at| at..at + old.len()))
        {
            Some(place) => drop(text.splice(place, added_text.iter().copied())),
            None => text.extend([b"|", added_text.as_slice()].concat()),
        }
        for target in &added {
            if !rule.targets.iter().any(|known| same(known, target)) {
                rule.targets.push(target.clone());
            }
        }
    }
}

/// The elements of a target list as written, with `|` between them.
fn target_texts(compiler: &Compiler<'_>, word: &Word) -> Vec<u8> {
    let targets = parse_targets(word).unwrap_or_default();
    let texts: Vec<&[u8]> = targets.iter().map(|target| compiler.sources.text(target.span)).collect();
    texts.join(&b'|')
}

/// Whether two targets were written alike.
fn same(a: &Target, b: &Target) -> bool {
    let selectors = match (&a.selector, &b.selector) {
        (Selector::All, Selector::All) => true,
        (Selector::Name(a), Selector::Name(b)) => a.eq_ignore_ascii_case(b),
        (Selector::Slot(a), Selector::Slot(b)) => a == b,
        (Selector::Pattern(a), Selector::Pattern(b)) => a.source == b.source,
        _ => false,
    };
    selectors && a.variable == b.variable && a.count == b.count && a.exclude == b.exclude
}
