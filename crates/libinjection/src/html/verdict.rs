//! The XSS verdict on an input.
//!
//! `<img src=javascript:x>` → attack; `2 < 3` → none. [`xss`] is the crate's entry point for rules.
//! The input is read as text, as the inside of a tag, and behind each kind of quote; one reading with a token that can run
//! script is enough. Deliberately no more: no repair of the known misses of the C library, because rules and their exclusions
//! are tuned to exactly its answers.

use memchr::{memchr, memchr2};

use super::tags::{Attribute, attribute, is_harmful};
use super::tokenizer::{Context, Kind, tokens};
use super::urls::runs_script;

/// A value of only these bytes is never an attack; bit `n` of word `n / 64` stands for byte `n`.
///
/// Without `<` no reading leaves the text, and of the tokens of a tag only values count, which need a `=` before them (the
/// first value of a quoted reading belongs to no known attribute). So one of the two bytes must be there.
pub const HARMLESS_BYTES: [u64; 4] = [!(1 << b'<' | 1 << b'='), !0, !0, !0];

/// Whether `input` is a cross-site scripting attack. Linear in the input, at most five readings of it, no allocation.
#[must_use]
pub fn xss(input: &[u8]) -> bool {
    if memchr2(b'<', b'=', input).is_none() {
        return false;
    }
    is_attack(input, Context::Text)
        || is_attack(input, Context::Tag)
        // Without the quote the whole input is one value of no known attribute.
        || [b'\'', b'"', b'`'].iter().any(|&quote| memchr(quote, input).is_some() && is_attack(input, Context::Value(quote)))
}

fn is_attack(input: &[u8], context: Context) -> bool {
    let mut last = Attribute::Harmless;
    tokens(input, context).any(|token| {
        let pending = std::mem::replace(&mut last, Attribute::Harmless);
        match token.kind {
            Kind::Doctype => true,
            Kind::TagName => is_harmful(token.text),
            Kind::Comment => is_harmful_comment(token.text),
            Kind::AttributeName => {
                last = attribute(token.text);
                false
            }
            Kind::AttributeValue => is_harmful_value(pending, token.text),
            Kind::Text | Kind::TagEnd | Kind::SelfClosingEnd | Kind::ClosingTag => false,
        }
    })
}

fn is_harmful_value(of: Attribute, value: &[u8]) -> bool {
    match of {
        Attribute::Harmless => false,
        Attribute::Harmful => true,
        Attribute::Url => runs_script(value),
        Attribute::Name => attribute(value) != Attribute::Harmless,
    }
}

/// Old Internet Explorer ended tags at a back quote and acted on what stands in some comments.
fn is_harmful_comment(text: &[u8]) -> bool {
    let starts = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    memchr(b'`', text).is_some()
        || text.len() > 3 && (starts(b"[IF") || starts(b"XML"))
        || starts(b"IMPORT")
        || starts(b"ENTITY")
}
