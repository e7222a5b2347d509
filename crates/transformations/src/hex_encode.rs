//! `hexEncode`: writes every byte as two lower-case hexadecimal digits.
//!
//! `AB` → `4142`. ModSecurity always reports a change, so `identity` never holds. The result is twice the input.
//! Reference Manual: `hexEncode`.

use crate::{ByteSet, Example, Outcome, Tables, Transformation};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "hexEncode",
    aliases: &[],
    summary: "Encodes every byte as two hexadecimal digits.",
    examples: &[Example { input: b"AB\0\xff", output: b"414200ff" }],
    apply,
    identity: |_| false,
    preserves: ByteSet::is_empty,
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    out.clear();
    out.reserve(input.len() * 2);
    for &byte in input {
        out.extend_from_slice(&digits(byte));
    }
    Outcome::Changed
}

/// The two lower-case digits of a byte.
pub(crate) const fn digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    // Both indexes are four bits wide.
    [DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]
}
