//! `removeNulls`: removes NUL bytes.
//!
//! `a NUL b` → `ab`. Reference Manual: `removeNulls`.

use memchr::memchr;

use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "removeNulls",
    aliases: &[],
    summary: "Removes NUL bytes.",
    examples: &[Example { input: b"\0a\0\0b\0", output: b"ab" }],
    apply,
    identity: |bytes| !bytes.contains(0),
    preserves: |bytes| !bytes.contains(0),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    if scan::rewrite(input, out, |rest| memchr(0, rest), |_, _| 1) {
        Outcome::Changed
    } else {
        Outcome::Unchanged
    }
}
