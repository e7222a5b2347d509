//! `sqlHexDecode`: decodes SQL hexadecimal literals.
//!
//! `0x414243` → `ABC`. A literal takes pairs of digits; an odd last digit stays. The byte behind a literal is copied without
//! being looked at (`0x410x42` → `A0x42`). Input ends at the first NUL and so does the result, because ModSecurity works
//! on C strings. ModSecurity always reports a change, so `identity` never holds; see `preserves`.
//! Reference Manual: `sqlHexDecode`.

use memchr::memchr;

use crate::code_unit::byte_of;
use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "sqlHexDecode",
    aliases: &[],
    summary: "Decodes SQL hexadecimal literals such as `0x414243`.",
    examples: &[
        Example { input: b"0x414243 0x4 0x41g 0X42 x0x4142", output: b"ABC 0x4 Ag B xAB" },
        Example { input: b"0x410x42", output: b"A0x42" },
        Example { input: b"0x00b", output: b"" },
    ],
    apply,
    identity: |_| false,
    preserves,
};

fn preserves(bytes: &ByteSet) -> bool {
    let has_prefix = bytes.contains(b'0') && (bytes.contains(b'x') || bytes.contains(b'X'));
    !has_prefix && !bytes.contains(0)
}

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let text = input.split(|&byte| byte == 0).next().unwrap_or_default();
    if !scan::rewrite(text, out, literal, decode) {
        out.clear();
        out.extend_from_slice(text);
    }
    out.truncate(memchr(0, out).unwrap_or(out.len()));
    Outcome::Changed
}

fn literal(text: &[u8]) -> Option<usize> {
    scan::first_confirmed(
        text,
        |byte| byte == b'0',
        |here| match here {
            [_, b'x' | b'X', high, low, ..] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
            _ => false,
        },
    )
}

fn decode(literal: &[u8], out: &mut Vec<u8>) -> usize {
    let (pairs, _) = literal.get(2..).unwrap_or_default().as_chunks::<2>();
    let is_digit = |pair: &&[u8; 2]| pair.iter().all(u8::is_ascii_hexdigit);
    let used =
        2 + 2 * pairs.iter().take_while(is_digit).map(|&[high, low]| out.push(byte_of(high, low))).count();
    out.extend(literal.get(used));
    used + 1
}
