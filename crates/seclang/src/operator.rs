//! The operator of a rule: its second argument.
//!
//! `!@contains x` → negated, `contains`, argument `x`; `^a` → no name (a regular expression), argument `^a`. The compiler
//! calls it and looks the name up.
//!
//! As the reference reads it: an optional `!` with blanks behind it, then `@name` up to the first blank, blanks, and the rest
//! with its trailing blanks. A blank before `@` without `!` makes the whole text an expression. The argument is always
//! the word's tail, so byte `i` of it is byte `word.text.len() - argument.len() + i` of the word: that is how a later
//! stage maps an error inside a pattern back to the file with [`Word::span_of`].

use crate::ast::{OperatorExpr, Spanned, Word};
use crate::lines::is_blank;

/// Reads an operator; every text is one.
pub fn parse_operator(word: &Word) -> OperatorExpr {
    let text = &word.text;
    let skip_blanks = |from: usize| {
        text.get(from..)
            .and_then(|rest| rest.iter().position(|b| !is_blank(*b)))
            .map_or(text.len(), |n| from + n)
    };
    let negated = text.first() == Some(&b'!');
    let mut at = if negated { skip_blanks(1) } else { 0 };
    let mut name = None;
    if text.get(at) == Some(&b'@') {
        let start = at + 1;
        let end = text[start..].iter().position(|b| is_blank(*b)).map_or(text.len(), |n| start + n);
        name = Some(Spanned {
            value: String::from_utf8_lossy(&text[start..end]).into_owned(),
            span: word.span_of(start, end),
        });
        at = skip_blanks(end);
    }
    let argument = Spanned { value: text[at..].to_vec(), span: word.span_of(at, text.len()) };
    OperatorExpr { negated, name, argument, span: word.span_of(0, text.len()) }
}
