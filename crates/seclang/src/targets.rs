//! The targets of a rule: its first argument.
//!
//! `ARGS|!ARGS:/^x/|&TX:'a b'` → three [`Target`]s. The compiler calls it for `SecRule` and `SecRuleUpdateTargetBy…` and
//! looks the names up; here they are text. A key between slashes with something inside is a regular expression, `//`,
//! `/a` and `a/` are plain keys. The elements themselves are read by [`crate::list`].

use std::ops::Range;

use crate::ast::{Key, KeyKind, Spanned, Target, Word};
use crate::diagnostic::Diagnostic;
use crate::list::{self, Element};

/// Reads a target list.
///
/// # Errors
/// Every syntax error in it: an empty element, a missing separator, an unclosed quote.
pub fn parse_targets(word: &Word) -> Result<Vec<Target>, Vec<Diagnostic>> {
    let elements = list::read(word, "variable")?;
    let mut targets = Vec::with_capacity(elements.len());
    let mut diagnostics = Vec::new();
    for element in elements {
        match target(word, element) {
            Ok(target) => targets.push(target),
            Err(finding) => diagnostics.push(*finding),
        }
    }
    if diagnostics.is_empty() { Ok(targets) } else { Err(diagnostics) }
}

fn target(word: &Word, element: Element) -> Result<Target, Box<Diagnostic>> {
    let sign = word.text.get(element.name.start).copied().filter(|b| matches!(b, b'!' | b'&'));
    let name = element.name.start + usize::from(sign.is_some())..element.name.end;
    let span = word.span_of(element.whole.start, element.whole.end);
    if name.is_empty() {
        let message = "`!` and `&` must be followed by a variable at once";
        return Err(Box::new(Diagnostic::error("missing-variable", span, message)));
    }
    Ok(Target {
        exclude: sign == Some(b'!'),
        count: sign == Some(b'&'),
        name: Spanned {
            value: String::from_utf8_lossy(&word.text[name.clone()]).into_owned(),
            span: word.span_of(name.start, name.end),
        },
        key: element.value.map(|value| key(word, value, element.value_at)),
        span,
    })
}

fn key(word: &Word, value: Vec<u8>, at: Range<usize>) -> Spanned<Key> {
    match value.as_slice() {
        [b'/', inner @ .., b'/'] if !inner.is_empty() => Spanned {
            value: Key { text: inner.to_vec(), kind: KeyKind::Regex },
            span: word.span_of(at.start + 1, at.end - 1),
        },
        _ => {
            Spanned { value: Key { text: value, kind: KeyKind::Text }, span: word.span_of(at.start, at.end) }
        }
    }
}
