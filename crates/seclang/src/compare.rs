//! Whether two pieces of configuration say the same, whatever their layout.
//!
//! `SecAction "id:1, pass"` and the same broken over two lines compare equal. The printer checks its own output with it.
//! Places and line numbers do not count. Words are compared byte for byte, but for those that hold a target or action
//! list: there the elements are compared, because blanks around separators mean nothing.

use crate::actions::parse_actions;
use crate::ast::{Directive, Item, Word};
use crate::targets::parse_targets;

/// What a word of a directive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    Text,
    Targets,
    Actions,
}

/// The grammar of the word at `index` behind a directive's name.
pub(crate) fn grammar(directive: &str, index: usize) -> Grammar {
    let is = |name: &str| directive.eq_ignore_ascii_case(name);
    match index {
        0 if is("SecRule") => Grammar::Targets,
        2 if is("SecRule") => Grammar::Actions,
        0 if is("SecAction") || is("SecDefaultAction") => Grammar::Actions,
        1 if is("SecRuleUpdateActionById") => Grammar::Actions,
        1 if directive.get(..21).is_some_and(|start| start.eq_ignore_ascii_case("SecRuleUpdateTargetBy")) => {
            Grammar::Targets
        }
        _ => Grammar::Text,
    }
}

/// Whether two lists of items hold the same directives and sections.
pub fn same(a: &[Item], b: &[Item]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_item(a, b))
}

fn same_item(a: &Item, b: &Item) -> bool {
    match (a, b) {
        (Item::Directive(a), Item::Directive(b)) => same_directive(a, b),
        (Item::Section(a), Item::Section(b)) => {
            a.name.value == b.name.value && same_texts(&a.args, &b.args) && same(&a.items, &b.items)
        }
        _ => false,
    }
}

pub(crate) fn same_directive(a: &Directive, b: &Directive) -> bool {
    let name = &a.name.value;
    *name == b.name.value
        && a.args.len() == b.args.len()
        && a.args.iter().zip(&b.args).enumerate().all(|(i, (a, b))| same_word(grammar(name, i), a, b))
}

fn same_texts(a: &[Word], b: &[Word]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.text == b.text)
}

fn same_word(grammar: Grammar, a: &Word, b: &Word) -> bool {
    if a.text == b.text {
        return true;
    }
    match grammar {
        Grammar::Text => false,
        Grammar::Actions => match (parse_actions(a), parse_actions(b)) {
            (Ok(a), Ok(b)) => {
                let plain = |actions: Vec<crate::Action>| -> Vec<_> {
                    actions.into_iter().map(|a| (a.name.value, a.value.map(|v| v.value))).collect()
                };
                plain(a) == plain(b)
            }
            _ => false,
        },
        Grammar::Targets => match (parse_targets(a), parse_targets(b)) {
            (Ok(a), Ok(b)) => {
                let plain = |targets: Vec<crate::Target>| -> Vec<_> {
                    targets
                        .into_iter()
                        .map(|t| (t.exclude, t.count, t.name.value, t.key.map(|k| k.value)))
                        .collect()
                };
                plain(a) == plain(b)
            }
            _ => false,
        },
    }
}
