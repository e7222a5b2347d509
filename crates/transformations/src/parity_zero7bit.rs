//! `parityZero7bit`: clears bit 7 of every byte.
//!
//! `a` C3 A9 → `aC)`. Reference Manual: `parityZero7bit`.

use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "parityZero7bit",
    aliases: &[],
    summary: "Clears the high bit of each byte.",
    examples: &[Example { input: b"a\xc3\xa9", output: b"aC)" }, Example { input: b"abc", output: b"abc" }],
    apply,
    identity: |bytes| !bytes.any_in(0x80..=0xff),
    preserves: |bytes| !bytes.any_in(0x80..=0xff),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let Some(at) = scan::first(input, |byte| byte > 0x7f) else { return Outcome::Unchanged };
    let (plain, rest) = input.split_at(at);
    out.clear();
    out.reserve(input.len());
    out.extend_from_slice(plain);
    out.extend(rest.iter().map(|byte| byte & 0x7f));
    Outcome::Changed
}
