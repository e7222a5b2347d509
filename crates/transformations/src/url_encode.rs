//! `urlEncode`: percent-encodes all but letters, digits and `*`.
//!
//! `a b*-` → `a+b*%2d`: a blank becomes a plus sign, digits are lower case. The result is at most three times the input.
//! Reference Manual: `urlEncode`.

use crate::hex_encode::digits;
use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "urlEncode",
    aliases: &[],
    summary: "Encodes the value with URL encoding.",
    examples: &[Example { input: b"a b*-_.~/+", output: b"a+b*%2d%5f%2e%7e%2f%2b" }],
    apply,
    identity,
    preserves: identity,
};

const fn is_kept(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'*'
}

fn identity(bytes: &ByteSet) -> bool {
    (0..=u8::MAX).all(|byte| is_kept(byte) || !bytes.contains(byte))
}

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let Some(at) = scan::first(input, |byte| !is_kept(byte)) else { return Outcome::Unchanged };
    let (plain, rest) = input.split_at(at);
    out.clear();
    out.reserve(input.len());
    out.extend_from_slice(plain);
    for &byte in rest {
        match byte {
            b' ' => out.push(b'+'),
            _ if is_kept(byte) => out.push(byte),
            _ => {
                let [high, low] = digits(byte);
                out.extend_from_slice(&[b'%', high, low]);
            }
        }
    }
    Outcome::Changed
}
