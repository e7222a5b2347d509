//! The actions of a rule: its last argument.
//!
//! `id:1,t:none,msg:'it\'s'` → three [`Action`]s. The compiler calls it for `SecRule`, `SecAction`, `SecDefaultAction` and
//! `SecRuleUpdateActionById` and looks the names up. A sign before a value (`t:-lowercase`) is part of the value's text;
//! which actions allow one is not known here. The elements themselves are read by [`crate::list`].

use crate::ast::{Action, Spanned, Word};
use crate::diagnostic::Diagnostic;
use crate::list;

/// Reads an action list.
///
/// # Errors
/// Every syntax error in it: an empty element, a missing separator, an unclosed quote.
pub fn parse_actions(word: &Word) -> Result<Vec<Action>, Vec<Diagnostic>> {
    let elements = list::read(word, "action")?;
    Ok(elements
        .into_iter()
        .map(|element| Action {
            name: Spanned {
                value: String::from_utf8_lossy(&word.text[element.name.clone()]).into_owned(),
                span: word.span_of(element.name.start, element.name.end),
            },
            value: element.value.map(|value| Spanned {
                value,
                span: word.span_of(element.value_at.start, element.value_at.end),
            }),
            span: word.span_of(element.whole.start, element.whole.end),
        })
        .collect())
}
