//! Bracket classes: `[^a-z\d[:punct:]]` → a set of bytes.
//!
//! PCRE2's rules, not those of the `regex` crate: `&&`, `--`, `~~` and `[` are ordinary members, `]` is one in first
//! place, a hyphen is one at either end. Doubtful ranges (`[\d-z]`, `[z-a]`) are refused, so that PCRE2 decides. Case is
//! folded before negation, except for named classes, where `[:upper:]` means `[:alpha:]`.

use super::bytes::{ByteSet, posix};
use super::escape::{self, Item};
use super::parse::{Flags, Parser, Refusal};

/// A class whose `[` is consumed.
pub(super) fn class(parser: &mut Parser<'_>, flags: Flags) -> Result<ByteSet, Refusal> {
    if matches!(parser.rest(), [b'[', b':', b'<' | b'>', b':', b']', b']', ..]) {
        return Err("a word edge written as a class");
    }
    if posix_name(parser.rest()).is_some_and(|_| matches!(parser.peek(), Some(b':' | b'.' | b'='))) {
        return Err("a class name outside of a class");
    }
    let negated = parser.eat(b"^");
    // What single members make is folded, what names make is not.
    let (mut members, mut named) = (ByteSet::EMPTY, ByteSet::EMPTY);
    let mut first = true;
    loop {
        let byte = parser.next().ok_or("an unfinished class")?;
        match byte {
            b']' if !first => break,
            b'[' if matches!(parser.peek(), Some(b':' | b'.' | b'=')) => match posix_name(parser.rest()) {
                Some(name) => {
                    named = named.union(posix_class(name, flags)?);
                    parser.advance(name.len() + 3);
                    refuse_range_after_set(parser)?;
                }
                None => members = members.union(range(parser, b'[')?),
            },
            b'\\' if matches!(parser.peek(), Some(b'E' | b'Q')) => return Err("a quotation inside a class"),
            b'\\' => match escape::inside(parser)? {
                Item::Byte(byte) => members = members.union(range(parser, byte)?),
                Item::Set(set) => {
                    named = named.union(set);
                    refuse_range_after_set(parser)?;
                }
            },
            _ => members = members.union(range(parser, byte)?),
        }
        first = false;
    }
    let set = flags.fold(members).union(named);
    Ok(if negated { set.negated() } else { set })
}

/// A member, or a range that starts with it.
fn range(parser: &mut Parser<'_>, start: u8) -> Result<ByteSet, Refusal> {
    let end = match parser.rest() {
        [b'-', b']', ..] | [] => return Ok(ByteSet::of(start)),
        [b'-', b'[', b':' | b'.' | b'=', ..] => return Err("a range that ends in a class"),
        [b'-', b'\\', b'E' | b'Q', ..] => return Err("a quotation inside a class"),
        [b'-', b'\\', ..] => {
            parser.advance(2);
            match escape::inside(parser)? {
                Item::Byte(byte) => byte,
                Item::Set(_) => return Err("a range that ends in a class"),
            }
        }
        [b'-', end, ..] => {
            let end = *end;
            parser.advance(2);
            end
        }
        [b'\\', b'E', ..] => return Err("a quotation inside a class"),
        _ => return Ok(ByteSet::of(start)),
    };
    if end < start {
        return Err("a range the wrong way round");
    }
    Ok(ByteSet::range(start, end))
}

/// PCRE2 takes a hyphen after a set for an error, unless it is the last member.
fn refuse_range_after_set(parser: &Parser<'_>) -> Result<(), Refusal> {
    match parser.rest() {
        [b'-', b']', ..] => Ok(()),
        [b'-', ..] => Err("a range that starts with a class"),
        _ => Ok(()),
    }
}

/// The text between `[:` and `:]`, when `text` (which starts at the colon) is such a name.
fn posix_name(text: &[u8]) -> Option<&[u8]> {
    let terminator = *text.first()?;
    let mut at = 1;
    while at + 1 < text.len() {
        match (text[at], text[at + 1]) {
            (byte, b']') if byte == terminator => return Some(&text[1..at]),
            (b'\\', b']' | b'\\') => at += 1,
            (b']', _) => return None,
            (b'[', byte) if byte == terminator => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

fn posix_class(name: &[u8], flags: Flags) -> Result<ByteSet, Refusal> {
    let (negated, name) = match name {
        [b'^', name @ ..] => (true, name),
        name => (false, name),
    };
    let cased = matches!(name, b"upper" | b"lower");
    let name = if flags.caseless && cased { b"alpha" } else { name };
    let set = posix(name).ok_or("an unknown class name")?;
    Ok(if negated { set.negated() } else { set })
}
