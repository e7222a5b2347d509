//! `length`: the number of bytes, in decimal.
//!
//! `abc` → `3`. ModSecurity always reports a change, so `identity` never holds. The result has at most 20 digits.
//! Reference Manual: `length`.

use std::io::Write;

use crate::{Example, Outcome, Tables, Transformation};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "length",
    aliases: &[],
    summary: "Replaces the value by its length in bytes.",
    examples: &[Example { input: b"0123456789", output: b"10" }, Example { input: b"", output: b"0" }],
    apply,
    identity: |_| false,
    preserves: |_| false,
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    out.clear();
    write!(out, "{}", input.len()).expect("a vector accepts every write");
    Outcome::Changed
}
