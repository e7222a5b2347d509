//! The tokens of an XPath expression.
//!
//! `a[@b>1]` → name `a`, `[`, `@`, name `b`, `>`, number 1, `]`. Whether a `*` or a name like `div` is an operator is
//! decided here, by the token before it (XPath 1.0, section 3.7); whether a name is an axis or a function is left to
//! the parser, which sees the token after it.

use super::super::chars::{is_blank, name_length};
use super::XPathError;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    /// A name without colons.
    Name(&'a str),
    /// `p:a`.
    Prefixed(&'a str, &'a str),
    /// `p:*`.
    AnyIn(&'a str),
    /// `*` where a node test may stand.
    Star,
    /// `and`, `or`, `div`, `mod` and `*` between two operands, and every operator of other characters.
    Operator(&'static str),
    /// Brackets and other marks.
    Mark(&'static str),
    Text(&'a str),
    Number(f64),
}

const OPERATORS: [&str; 12] = ["//", "/", "|", "+", "-", "!=", "<=", "<", ">=", ">", "=", "*"];
const MARKS: [&str; 9] = ["(", ")", "[", "]", "..", ".", "@", ",", "::"];
const WORDS: [&str; 4] = ["and", "or", "div", "mod"];

/// All tokens, each with the place where it begins.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, XPathError> {
    let mut tokens: Vec<(usize, Token<'_>)> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii() && is_blank(c as u8));
        if rest.is_empty() {
            return Ok(tokens);
        }
        let at = text.len() - rest.len();
        let operand_before = tokens.last().is_some_and(|(_, token)| ends_operand(token));
        let (token, length) = token(rest, operand_before)
            .ok_or_else(|| XPathError::new(format!("unexpected `{}` at position {}", first(rest), at + 1)))?;
        tokens.push((at, token));
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn first(text: &str) -> &str {
    text.get(..text.chars().next().map_or(0, char::len_utf8)).unwrap_or(text)
}

/// Whether an operator may follow.
fn ends_operand(token: &Token<'_>) -> bool {
    match token {
        Token::Operator(_) => false,
        Token::Mark(mark) => !matches!(*mark, "@" | "::" | "(" | "[" | ","),
        _ => true,
    }
}

fn token(text: &str, operand_before: bool) -> Option<(Token<'_>, usize)> {
    let starts = |known: &[&'static str]| known.iter().find(|known| text.starts_with(**known)).copied();
    let name = local_name(text);
    if !name.is_empty() {
        if let Some(word) = WORDS.iter().find(|word| operand_before && **word == name) {
            return Some((Token::Operator(word), name.len()));
        }
        return Some(qualified(text, name));
    }
    if let Some(number) = number_text(text) {
        return Some((Token::Number(number.parse().ok()?), number.len()));
    }
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let body = text.get(1..)?;
        let end = body.find(quote)?;
        return Some((Token::Text(body.get(..end)?), end + 2));
    }
    if text.starts_with('*') && !operand_before {
        return Some((Token::Star, 1));
    }
    if let Some(mark) = starts(&MARKS) {
        return Some((Token::Mark(mark), mark.len()));
    }
    starts(&OPERATORS).map(|operator| (Token::Operator(operator), operator.len()))
}

/// A name that may go on after a single colon.
fn qualified<'a>(text: &'a str, name: &'a str) -> (Token<'a>, usize) {
    let plain = (Token::Name(name), name.len());
    let Some(after) = text.get(name.len()..).and_then(|rest| rest.strip_prefix(':')) else { return plain };
    if after.starts_with('*') {
        return (Token::AnyIn(name), name.len() + 2);
    }
    match local_name(after) {
        "" => plain,
        local => (Token::Prefixed(name, local), name.len() + 1 + local.len()),
    }
}

/// The name at the start of `text`, up to a colon.
fn local_name(text: &str) -> &str {
    let name = text.get(..name_length(text)).unwrap_or_default();
    name.split_once(':').map_or(name, |(before, _)| before)
}

/// Digits with at most one point between, before or after them.
fn number_text(text: &str) -> Option<&str> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let after = text.get(whole..)?;
    let fraction = after.strip_prefix('.').map(digits);
    match (whole, fraction) {
        (0, None | Some(0)) => None,
        (_, fraction) => text.get(..whole + fraction.map_or(0, |fraction| fraction + 1)),
    }
}
