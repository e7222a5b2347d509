//! `hexDecode`: makes a byte of every two digits.
//!
//! `414243` → `ABC`. Digits are converted by arithmetic, not validated, so any two bytes give one; an odd last byte is
//! dropped. ModSecurity always reports a change, so `identity` never holds. Reference Manual: `hexDecode`.

use crate::code_unit::byte_of;
use crate::{ByteSet, Example, Outcome, Tables, Transformation};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "hexDecode",
    aliases: &[],
    summary: "Decodes pairs of hexadecimal digits.",
    examples: &[
        Example { input: b"414243g", output: b"ABC" },
        Example { input: b"41424", output: b"AB" },
        Example { input: b"4a4B", output: b"JK" },
    ],
    apply,
    identity: |_| false,
    preserves: ByteSet::is_empty,
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let (pairs, _) = input.as_chunks::<2>();
    out.clear();
    out.extend(pairs.iter().map(|&[high, low]| byte_of(high, low)));
    Outcome::Changed
}
