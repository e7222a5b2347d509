//! `escapeSeqDecode`: decodes ANSI C escape sequences.
//!
//! `\x41\101\n` → `AA` and a line feed. An unknown escape is its character; a backslash at the end stays. Octal values
//! beyond a byte wrap. ModSecurity reports a change when the length differs. Reference Manual: `escapeSeqDecode`.

use memchr::memchr;

use crate::code_unit::byte_of;
use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "escapeSeqDecode",
    aliases: &[],
    summary: "Decodes ANSI C escape sequences such as `\\n`, `\\x41` and `\\101`.",
    examples: &[
        Example { input: b"\\a\\b\\x41\\101\\8\\q\\?\\\\\\x4z\\777", output: b"\x07\x08AA8q?\\x4z\xff" },
        Example { input: b"a\\", output: b"a\\" },
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
    let (byte, used) = match *body {
        [] => (b'\\', 0),
        [b'x' | b'X', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            (byte_of(high, low), 3)
        }
        [b'0'..=b'7', ..] => octal(body),
        [letter, ..] => (control(letter).unwrap_or(letter), 1),
    };
    out.push(byte);
    1 + used
}

/// The low byte of up to three octal digits, and how many there are.
fn octal(body: &[u8]) -> (u8, usize) {
    let digits = body.iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
    digits.fold((0, 0), |(value, count), digit| (value << 3 | (digit & 7), count + 1))
}

/// The control character of an escape letter, as C has it.
pub(crate) const fn control(letter: u8) -> Option<u8> {
    Some(match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        _ => return None,
    })
}
