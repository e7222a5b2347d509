//! `base64DecodeExt`: decodes base64 and passes over bytes outside the alphabet.
//!
//! `YW!Jj ZA` → `abcd`. A NUL ends the input. An `=` that comes after one character of a group, and is not followed by
//! another `=`, makes the result empty, and so does one at the end. ModSecurity reports a change when the result is not
//! empty. The result is at most 3/4 of the input. Reference Manual: `base64DecodeExt`.

use crate::base64_alphabet::{Bits, value_of};
use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "base64DecodeExt",
    aliases: &[],
    summary: "Decodes base64, ignoring bytes outside the alphabet.",
    examples: &[
        Example { input: b"YW!Jj ZA", output: b"abcd" },
        Example { input: b"Y-W_Jj", output: b"abc" },
        Example { input: b"Y=WJj", output: b"" },
        Example { input: b"Y==", output: b"" },
    ],
    apply,
    identity: ByteSet::is_empty,
    preserves: ByteSet::is_empty,
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    out.clear();
    out.reserve(input.len() / 4 * 3 + 2);
    let text = input.split(|&byte| byte == 0).next().unwrap_or_default();
    if !decode(text, out) {
        out.clear();
    }
    let reported = !out.is_empty();
    scan::outcome(input, out, reported)
}

/// Writes the bytes; `false` when the padding makes the whole value void.
fn decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    let mut bits = Bits::default();
    let mut characters = 0usize;
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        if *byte == b'=' && characters % 4 == 1 && tail.first() != Some(&b'=') {
            return false;
        }
        if let Some(value) = value_of(*byte) {
            characters += 1;
            out.extend(bits.push(value));
        }
        rest = tail;
    }
    true
}
