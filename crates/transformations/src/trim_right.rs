//! `trimRight`: removes white space at the end.
//!
//! `SP TAB a b SP LF` → `SP TAB a b`. NUL and the byte A0 are no white space here. Reference Manual: `trimRight`.

use crate::white_space::{any_space, without_trailing};
use crate::{Example, Outcome, Tables, Transformation};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "trimRight",
    aliases: &[],
    summary: "Removes white space at the end of the value.",
    examples: &[
        Example { input: b" \ta b \n", output: b" \ta b" },
        Example { input: b"a\0", output: b"a\0" },
    ],
    apply,
    identity: |bytes| !any_space(bytes),
    preserves: |bytes| !any_space(bytes),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let kept = without_trailing(input);
    if kept.len() == input.len() {
        return Outcome::Unchanged;
    }
    out.clear();
    out.extend_from_slice(kept);
    Outcome::Changed
}
