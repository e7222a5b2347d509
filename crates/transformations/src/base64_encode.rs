//! `base64Encode`: encodes as base64 with padding and without line ends.
//!
//! `abcd` → `YWJjZA==`. ModSecurity reports a change when the result is not empty. The result is 4/3 of the input, rounded
//! up to a group of four. Reference Manual: `base64Encode`.

use crate::base64_alphabet::CHARACTERS;
use crate::{ByteSet, Example, Outcome, Tables, Transformation};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "base64Encode",
    aliases: &[],
    summary: "Encodes the value as base64.",
    examples: &[
        Example { input: b"abc", output: b"YWJj" },
        Example { input: b"abcd", output: b"YWJjZA==" },
        Example { input: b"\xff\xfe", output: b"//4=" },
    ],
    apply,
    identity: ByteSet::is_empty,
    preserves: ByteSet::is_empty,
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    if input.is_empty() {
        return Outcome::Unchanged;
    }
    out.clear();
    out.reserve(input.len().div_ceil(3) * 4);
    for group in input.chunks(3) {
        out.extend_from_slice(&encode(group));
    }
    Outcome::Changed
}

/// The four characters of a group of one to three bytes.
fn encode(group: &[u8]) -> [u8; 4] {
    let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
    let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
    // The mask keeps the index below the 64 characters.
    let character = |shift: u32| CHARACTERS[(bits >> shift & 63) as usize];
    let padded = |at: usize, character: u8| if group.len() > at { character } else { b'=' };
    [character(18), character(12), padded(1, character(6)), padded(2, character(0))]
}
