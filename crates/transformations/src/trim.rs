//! `trim`: removes white space at both ends.
//!
//! `SP TAB a b SP LF` → `a b`. NUL and the byte A0 are no white space here. Reference Manual: `trim`.

use crate::white_space::{any_space, without_leading, without_trailing};
use crate::{Example, Outcome, Tables, Transformation};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "trim",
    aliases: &[],
    summary: "Removes white space at both ends of the value.",
    examples: &[Example { input: b" \ta b \n", output: b"a b" }, Example { input: b"a\0", output: b"a\0" }],
    apply,
    identity: |bytes| !any_space(bytes),
    preserves: |bytes| !any_space(bytes),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let kept = without_leading(without_trailing(input));
    if kept.len() == input.len() {
        return Outcome::Unchanged;
    }
    out.clear();
    out.extend_from_slice(kept);
    Outcome::Changed
}
