//! `SecRuleRemoveById`, `…ByTag`, `…ByMsg`: take rules out that stand before the directive.

use portcullis_seclang::Directive;

use super::selection::RuleSelector;
use super::{Compiler, DirectiveInfo};

/// The record of `SecRuleRemoveById`.
pub(super) static BY_ID: DirectiveInfo = DirectiveInfo {
    name: "SecRuleRemoveById",
    aliases: &[],
    arguments: (1, usize::MAX),
    in_location: false,
    summary: "Removes rules by id; ranges and lists are allowed.",
    compile: |compiler, directive| remove(compiler, directive, RuleSelector::ids),
};

/// The record of `SecRuleRemoveByTag`.
pub(super) static BY_TAG: DirectiveInfo = DirectiveInfo {
    name: "SecRuleRemoveByTag",
    aliases: &[],
    arguments: (1, usize::MAX),
    in_location: false,
    summary: "Removes rules by a regular expression over their tags.",
    compile: |compiler, directive| remove(compiler, directive, RuleSelector::tag),
};

/// The record of `SecRuleRemoveByMsg`.
pub(super) static BY_MSG: DirectiveInfo = DirectiveInfo {
    name: "SecRuleRemoveByMsg",
    aliases: &[],
    arguments: (1, usize::MAX),
    in_location: false,
    summary: "Removes rules by a regular expression over their message.",
    compile: |compiler, directive| remove(compiler, directive, RuleSelector::msg),
};

fn remove(
    compiler: &mut Compiler<'_>,
    directive: &Directive,
    parse: fn(&[u8]) -> Result<RuleSelector, String>,
) {
    for word in &directive.args {
        match parse(&word.text) {
            Ok(selector) => compiler.remove_rules(&selector),
            Err(text) => compiler.error("invalid-selection", word.span, text),
        }
    }
}

impl Compiler<'_> {
    /// Starters (with their chains) that a selection names.
    pub(super) fn selected_starters(&self, selector: &RuleSelector) -> Vec<usize> {
        let rules = self.rules.iter().enumerate().filter(|(_, rule)| !rule.is_link && !rule.removed);
        rules
            .filter(|(_, rule)| {
                let id = rule.draft.id.map_or(0, |(id, _)| id);
                selector.selects(id, &rule.draft.tags, rule.draft.msg.as_deref())
            })
            .map(|(index, _)| index)
            .collect()
    }

    fn remove_rules(&mut self, selector: &RuleSelector) {
        let selected = self.selected_starters(selector);
        for rule in &mut self.rules {
            if selected.binary_search(&rule.starter).is_ok() {
                rule.removed = true;
            }
        }
    }
}
