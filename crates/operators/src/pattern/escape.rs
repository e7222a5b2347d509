//! Backslash escapes of an expression, outside and inside of classes.
//!
//! `\x41`, `\n`, `\d`, `\b`, `\.` in, a [`Node`] or a set of bytes out. What needs the backtracking engine or means
//! something doubtful is refused with a reason; the parser hands that on.

use super::ast::{Assertion, Node};
use super::bytes::{ByteSet, shorthand};
use super::parse::{Flags, Parser, Refusal};

/// An escape outside of a class; the backslash is consumed.
pub(super) fn outside(parser: &mut Parser<'_>, flags: Flags) -> Result<Node, Refusal> {
    let assertion = match parser.peek() {
        Some(b'b') => Some(Assertion::Word),
        Some(b'B') => Some(Assertion::NotWord),
        Some(b'A') => Some(Assertion::Start),
        Some(b'z') => Some(Assertion::End),
        _ => None,
    };
    if let Some(assertion) = assertion {
        parser.advance(1);
        return Ok(Node::Assertion(assertion));
    }
    match parser.rest() {
        [b'N', b'{', ..] => Err("\\N{…}"),
        [b'N', ..] => {
            parser.advance(1);
            Ok(Node::Set(ByteSet::of(b'\n').negated()))
        }
        [b'R', ..] => {
            parser.advance(1);
            Ok(line_break())
        }
        [b'1'..=b'9' | b'g' | b'k', ..] => Err("a back-reference"),
        [b'G', ..] => Err("\\G"),
        [b'K', ..] => Err("\\K"),
        [b'Z', ..] => Err("\\Z"),
        [b'C' | b'X' | b'p' | b'P', ..] => Err("a Unicode escape"),
        _ => match item(parser)? {
            Item::Byte(byte) => Ok(Node::Set(flags.fold(ByteSet::of(byte)))),
            Item::Set(set) => Ok(Node::Set(set)),
        },
    }
}

/// `\R`: CR LF as one, or any single vertical blank.
fn line_break() -> Node {
    let byte = |byte| Node::Set(ByteSet::of(byte));
    let single = shorthand(b'v').map_or(Node::Empty, Node::Set);
    Node::Atomic(Box::new(Node::Alternation(vec![Node::Concat(vec![byte(b'\r'), byte(b'\n')]), single])))
}

/// An escape that stands for one byte or a set in any place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    Byte(u8),
    Set(ByteSet),
}

/// An escape inside a class; the backslash is consumed.
pub(super) fn inside(parser: &mut Parser<'_>) -> Result<Item, Refusal> {
    match parser.peek() {
        Some(b'b') => {
            parser.advance(1);
            Ok(Item::Byte(0x08))
        }
        Some(b'0'..=b'7') => octal(parser, 3).map(Item::Byte),
        _ => item(parser),
    }
}

fn item(parser: &mut Parser<'_>) -> Result<Item, Refusal> {
    let byte = parser.next().ok_or("a backslash at the end")?;
    if let Some(set) = shorthand(byte) {
        return Ok(Item::Set(set));
    }
    Ok(Item::Byte(match byte {
        b'a' => 0x07,
        b'e' => 0x1b,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'0' => octal(parser, 2)?,
        b'o' => braced(parser, 8)?,
        b'x' if parser.peek() == Some(b'{') => braced(parser, 16)?,
        b'x' => hexadecimal(parser),
        b'c' => control(parser)?,
        _ if byte.is_ascii_alphanumeric() => return Err("an unknown escape"),
        _ => byte,
    }))
}

/// Up to two hexadecimal digits; none at all is NUL.
fn hexadecimal(parser: &mut Parser<'_>) -> u8 {
    let mut value = 0;
    for _ in 0..2 {
        let Some(digit) = parser.peek().and_then(|byte| char::from(byte).to_digit(16)) else { break };
        parser.advance(1);
        // Two digits are at most 255.
        value = value << 4 | digit as u8;
    }
    value
}

/// Up to `most` octal digits.
fn octal(parser: &mut Parser<'_>, most: usize) -> Result<u8, Refusal> {
    let mut value = 0u32;
    for _ in 0..most {
        let Some(digit) = parser.peek().and_then(|byte| char::from(byte).to_digit(8)) else { break };
        parser.advance(1);
        value = value * 8 + digit;
    }
    u8::try_from(value).map_err(|_| "a character code above 255")
}

/// `{digits}` after `\x` or `\o`.
fn braced(parser: &mut Parser<'_>, radix: u32) -> Result<u8, Refusal> {
    let refusal = "an unusual character code";
    let end = memchr::memchr(b'}', parser.rest()).ok_or(refusal)?;
    let digits = parser.rest().get(1..end).filter(|_| parser.peek() == Some(b'{')).ok_or(refusal)?;
    if digits.is_empty() || digits.len() > 8 {
        return Err(refusal);
    }
    let mut value = 0u64;
    for &digit in digits {
        value = value * u64::from(radix) + u64::from(char::from(digit).to_digit(radix).ok_or(refusal)?);
    }
    parser.advance(end + 1);
    u8::try_from(value).map_err(|_| "a character code above 255")
}

/// `\cX`: the other half of the ASCII table.
fn control(parser: &mut Parser<'_>) -> Result<u8, Refusal> {
    match parser.next() {
        Some(byte @ 0x20..=0x7e) => Ok(byte.to_ascii_uppercase() ^ 0x40),
        _ => Err("an unusual control escape"),
    }
}
