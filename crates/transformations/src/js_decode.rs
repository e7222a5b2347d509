//! `jsDecode`: decodes JavaScript string escapes.
//!
//! `\u003c\x41\101` → `<AA`. Of a `\uHHHH` the low byte is used, full-width forms become ASCII. Unknown and incomplete
//! escapes lose their backslash; one at the end stays. ModSecurity reports a change when the length differs.
//! Reference Manual: `jsDecode`.

use memchr::memchr;

use crate::code_unit::{all_hex, byte_of, narrow};
use crate::escape_seq_decode::control;
use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "jsDecode",
    aliases: &[],
    summary: "Decodes JavaScript escapes such as `\\u003c`, `\\x3c` and `\\74`.",
    examples: &[
        Example {
            input: b"\\u0041\\uff1c\\x41\\x4\\101\\400\\8\\n\\q\\u00e9\\u0107\\ ",
            output: b"A<Ax4A 08\nq\xe9\x07 ",
        },
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
        [b'u', a, b, c, d, ..] if all_hex(&[a, b, c, d]) => (narrow([a, b, c, d]), 5),
        [b'x', high, low, ..] if all_hex(&[high, low]) => (byte_of(high, low), 3),
        [b'0'..=b'7', ..] => octal(body),
        [letter, ..] => (control(letter).unwrap_or(letter), 1),
    };
    out.push(byte);
    1 + used
}

/// The value of up to three octal digits, two when three would not fit a byte, and how many were used.
fn octal(body: &[u8]) -> (u8, usize) {
    let most = if matches!(body, [b'4'..=b'7', ..]) { 2 } else { 3 };
    let digits = body.iter().take(most).take_while(|byte| matches!(byte, b'0'..=b'7'));
    digits.fold((0, 0), |(value, count), digit| (value << 3 | (digit & 7), count + 1))
}
