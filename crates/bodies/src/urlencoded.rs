//! Arguments of a query string or an `application/x-www-form-urlencoded` body.
//!
//! `a=x+y&b=%41&c` with separator `&` → `a` = `x y`, `b` = `A`, `c` = (empty). The engine calls it for QUERY_STRING and
//! for URLENCODED bodies and counts the arguments itself. It gives brackets no meaning and drops no duplicate.
//! Bytes are decoded once; a `%` without two hexadecimal digits stays as it is and is counted (URLENCODED_ERROR).
//! Manual: ARGS, URLENCODED_ERROR, SecArgumentSeparator.

use memchr::{memchr, memchr2};

use crate::Each;

/// Splits `input` at `separator` and hands each decoded name and value to `each`, in order.
///
/// Returns how many `%` were malformed in the arguments seen. It stops when the callback breaks.
/// An empty piece between separators is an argument with empty name and value; nothing follows a final separator.
pub fn urlencoded(input: &[u8], separator: u8, each: Each<'_>) -> usize {
    let mut malformed = 0;
    let (mut name_buffer, mut value_buffer) = (Vec::new(), Vec::new());
    let mut rest = input;
    while !rest.is_empty() {
        let (piece, after) = split(rest, separator).unwrap_or((rest, &[]));
        rest = after;
        let (name, value) = split(piece, b'=').unwrap_or((piece, &[]));
        let name = decode(name, &mut name_buffer, &mut malformed);
        let value = decode(value, &mut value_buffer, &mut malformed);
        if each(name, value).is_break() {
            break;
        }
    }
    malformed
}

/// What stands before and after the first `at`.
fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let (before, from) = bytes.split_at_checked(memchr(at, bytes)?)?;
    Some((before, from.get(1..)?))
}

/// Decodes `%HH` and `+`; the result is `raw` itself when it holds neither.
fn decode<'a>(raw: &'a [u8], buffer: &'a mut Vec<u8>, malformed: &mut usize) -> &'a [u8] {
    if memchr2(b'%', b'+', raw).is_none() {
        return raw;
    }
    buffer.clear();
    buffer.reserve(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => buffer.push(b' '),
            b'%' => match after {
                [high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    buffer.push(nibble(*high) << 4 | nibble(*low));
                    rest = tail;
                }
                _ => {
                    *malformed += 1;
                    buffer.push(b'%');
                }
            },
            _ => buffer.push(byte),
        }
    }
    buffer
}

/// The value of a hexadecimal digit; the caller has checked that it is one.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}
