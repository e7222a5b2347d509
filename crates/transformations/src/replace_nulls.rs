//! `replaceNulls`: makes a blank of every NUL byte.
//!
//! `a NUL b` → `a b`. Reference Manual: `replaceNulls`.

use memchr::memchr;

use crate::{Example, Outcome, Tables, Transformation};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "replaceNulls",
    aliases: &[],
    summary: "Replaces NUL bytes by blanks.",
    examples: &[Example { input: b"\0a\0\0b", output: b" a  b" }],
    apply,
    identity: |bytes| !bytes.contains(0),
    preserves: |bytes| !bytes.contains(0),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    if memchr(0, input).is_none() {
        return Outcome::Unchanged;
    }
    out.clear();
    out.extend(input.iter().map(|&byte| if byte == 0 { b' ' } else { byte }));
    Outcome::Changed
}
