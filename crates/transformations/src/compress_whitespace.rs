//! `compressWhitespace`: makes one blank of every run of white space.
//!
//! `a \t\n b` → `a b`; the byte A0 counts as white space. ModSecurity reports a change only when a run of two or more was
//! squeezed: a lone tab becomes a blank silently. Reference Manual: `compressWhitespace`.

use crate::white_space::{any_space_or_nbsp, is_space_or_nbsp};
use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "compressWhitespace",
    aliases: &[],
    summary: "Replaces each run of white space by one blank.",
    examples: &[
        Example { input: b"a \t\n\xa0 b", output: b"a b" },
        Example { input: b"a\tb", output: b"a b" },
        Example { input: b"a b", output: b"a b" },
    ],
    apply,
    identity: |bytes| !any_space_or_nbsp(bytes),
    preserves: |bytes| !any_space_or_nbsp(bytes),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let mut squeezed = false;
    let rewritten = scan::rewrite(input, out, next_run, |run, out| {
        let length = run.iter().position(|&byte| !is_space_or_nbsp(byte)).unwrap_or(run.len());
        squeezed |= length > 1;
        out.push(b' ');
        length
    });
    match (rewritten, squeezed) {
        (false, _) => Outcome::Unchanged,
        (true, true) => Outcome::Changed,
        (true, false) => Outcome::Quiet,
    }
}

/// The next white space that is not a single blank.
fn next_run(input: &[u8]) -> Option<usize> {
    scan::first_confirmed(input, is_space_or_nbsp, |here| match here {
        [b' ', next, ..] => is_space_or_nbsp(*next),
        [b' '] => false,
        _ => true,
    })
}
