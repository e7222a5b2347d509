//! `cssDecode`: decodes CSS 2.x escapes.
//!
//! `\41 b\gz` → `Abgz`: a backslash and up to six hexadecimal digits stand for the byte of the last two, a full-width
//! form for its ASCII character; one white-space byte behind them belongs to the escape. A backslash before a line feed
//! vanishes with it, before anything else alone, and so does one at the end. Reference Manual: `cssDecode`.

use memchr::memchr;

use crate::code_unit::{byte_of, digit, narrow};
use crate::white_space::is_space;
use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "cssDecode",
    aliases: &[],
    summary: "Decodes CSS escapes such as `\\41`.",
    examples: &[
        Example { input: b"\\41 b\\000041 c\\0000041d\\ff1c e\\\nx\\gz\\", output: b"AbAc\x041d<exgz" },
        Example { input: b"\\123", output: b"#" },
        Example { input: b"\\1ff1c", output: b"\x1c" },
        Example { input: b"\\0ff1c", output: b"<" },
        Example { input: b"\\41  b", output: b"A b" },
        Example { input: b"\\61\r\nb", output: b"a\nb" },
    ],
    apply,
    identity: |bytes| !bytes.contains(b'\\'),
    preserves: |bytes| !bytes.contains(b'\\'),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    if !scan::rewrite(input, out, |rest| memchr(b'\\', rest), decode) {
        return Outcome::Unchanged;
    }
    scan::outcome_by_length(input, out)
}

fn decode(escape: &[u8], out: &mut Vec<u8>) -> usize {
    let body = escape.get(1..).unwrap_or_default();
    let digits = body.iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, tail) = body.split_at(digits);
    if let Some(byte) = byte_for(digits) {
        out.push(byte);
        let swallowed = tail.first().is_some_and(|&byte| is_space(byte));
        return 1 + digits.len() + usize::from(swallowed);
    }
    match body.first() {
        None => 1,
        Some(b'\n') => 2,
        Some(&byte) => {
            out.push(byte);
            2
        }
    }
}

/// The byte that up to six digits stand for. Full-width forms count only when nothing but zeros stands before them.
fn byte_for(digits: &[u8]) -> Option<u8> {
    match *digits {
        [] => None,
        [only] => Some(digit(only)),
        [a, b, c, d] | [b'0', a, b, c, d] | [b'0', b'0', a, b, c, d] => Some(narrow([a, b, c, d])),
        [.., high, low] => Some(byte_of(high, low)),
    }
}
