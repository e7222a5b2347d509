//! The SQL injection verdict on an input.
//!
//! `1' or '1'='1` → `s&sos`; `red and blue` → nothing. [`sqli`] is the crate's entry point for rules.
//! The input is read as it is, and if it has quotes also as the rest of a quoted string; each reading with a listed fingerprint
//! is an attack unless [`is_harmless`] knows its like from ordinary text.
//! Deliberately no more: no score, no reason, no repair of the known misses of the C library, because rules and their exclusions
//! are tuned to exactly its answers.

use memchr::{memchr, memmem};

use super::bytes::are_harmless;
use super::fingerprint::{self, Fingerprint};
use super::fold::{Folded, fold};
use super::token::{Kind, Token};
use super::tokenizer::{Context, Dialect, Quote};

/// Whether `input` is an SQL injection, and with which fingerprint. Linear in the input, at most five readings of it, no allocation.
#[must_use]
pub fn sqli(input: &[u8]) -> Option<Fingerprint> {
    if are_harmless(input) {
        return None;
    }
    in_both_dialects(input, Quote::None)
        .or_else(|| memchr(b'\'', input).and_then(|_| in_both_dialects(input, Quote::Single)))
        .or_else(|| {
            memchr(b'"', input).and_then(|_| attempt(input, Quote::Double, Dialect::MySql).fingerprint)
        })
}

fn in_both_dialects(input: &[u8], quote: Quote) -> Option<Fingerprint> {
    let ansi = attempt(input, quote, Dialect::Ansi);
    if ansi.fingerprint.is_none() && ansi.dialects_differ {
        return attempt(input, quote, Dialect::MySql).fingerprint;
    }
    ansi.fingerprint
}

struct Attempt {
    fingerprint: Option<Fingerprint>,
    dialects_differ: bool,
}

fn attempt(input: &[u8], quote: Quote, dialect: Dialect) -> Attempt {
    let mut folded = fold(input, Context { quote, dialect });
    let fingerprint = fingerprint::of(&mut folded);
    let attack = fingerprint::is_listed(fingerprint) && !is_harmless(fingerprint, &folded, input);
    Attempt { fingerprint: attack.then_some(fingerprint), dialects_differ: folded.dialects_differ }
}

/// Short fingerprints that ordinary text has too, told apart by details that the fingerprint lost.
fn is_harmless(fingerprint: Fingerprint, folded: &Folded<'_>, input: &[u8]) -> bool {
    let letters = fingerprint.as_ref();
    // Microsoft's audit log leaves out statements with this word, so attackers append it as a comment.
    if let [_, .., b'c'] = letters
        && memmem::find(input, b"sp_password").is_some()
    {
        return false;
    }
    match (letters.len(), folded.tokens()) {
        (2, [first, second]) => is_harmless_pair(first, second, folded.read, input),
        (3, [first, second, third]) => is_harmless_triple(letters, [first, second, third], folded.read),
        _ => false,
    }
}

fn is_harmless_pair(first: &Token<'_>, second: &Token<'_>, read: usize, input: &[u8]) -> bool {
    if second.kind == Kind::Union {
        // `1 union` as it stands is text; with something folded away it is not.
        return read == 2;
    }
    if second.first() == b'#' {
        return true;
    }
    if second.kind == Kind::Comment {
        match first.kind {
            Kind::Bareword if second.first() != b'/' => return true,
            Kind::Number => return second.first() != b'/' && read <= 2 && !ends_number(first, input),
            _ => {}
        }
    }
    // `1--` ends a statement, `1-- and more` is prose.
    second.first() == b'-' && second.text().len() > 2
}

/// Whether the number at the start of the input ends where its token does; else it is the head of something like base64 text.
/// Bytes outside ASCII count as white space because the C library compares them as negative numbers; so does the end.
fn ends_number(number: &Token<'_>, input: &[u8]) -> bool {
    let rest = input.get(number.text().len()..).unwrap_or_default();
    match rest {
        [] | [0..=32 | 128.., ..] => true,
        [b'/', next, ..] => *next == b'*',
        [b'-', next, ..] => *next == b'-',
        _ => false,
    }
}

fn is_harmless_triple(letters: &[u8], [first, second, third]: [&Token<'_>; 3], read: usize) -> bool {
    match letters {
        // `…foo' + 'bar…` closes one string and opens another with the same quote; anything else is text with quotes in it.
        b"sos" | b"s&s" => !(first.open.is_none() && third.close.is_none() && first.close == third.open),
        b"s&n" | b"n&1" | b"1&1" | b"1&v" | b"1&s" => read == 3,
        _ if second.kind == Kind::Keyword => {
            // Only `INTO OUTFILE` and `INTO DUMPFILE` do harm there.
            let text = second.text();
            text.len() < 5 || !text.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"INTO"))
        }
        _ => false,
    }
}
