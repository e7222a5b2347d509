//! `removeCommentsChar`: removes the marks of comments and keeps their text.
//!
//! `a/*b*/c<!--d-->e--f#g` → `abcdefg`. The value is read once from left to right, the longest mark first; marks that only
//! come together by the removal stay. Reference Manual: `removeCommentsChar`.

use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "removeCommentsChar",
    aliases: &[],
    summary: "Removes the comment marks `/*`, `*/`, `<!--`, `-->`, `--` and `#`.",
    examples: &[
        Example { input: b"a/*b*/c<!--d-->e--f#g", output: b"abcdefg" },
        Example { input: b"-#-", output: b"--" },
        Example { input: b"a/b*c-d<e", output: b"a/b*c-d<e" },
    ],
    apply,
    identity: has_no_mark,
    preserves: has_no_mark,
};

fn has_no_mark(bytes: &ByteSet) -> bool {
    let special =
        bytes.contains(b'#') || bytes.contains(b'-') || (bytes.contains(b'/') && bytes.contains(b'*'));
    !special
}

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    if !scan::rewrite(input, out, next_mark, |here, _| mark(here)) {
        return Outcome::Unchanged;
    }
    Outcome::Changed
}

fn next_mark(input: &[u8]) -> Option<usize> {
    let wanted = |byte| matches!(byte, b'/' | b'*' | b'<' | b'-' | b'#');
    scan::first_confirmed(input, wanted, |here| mark(here) > 0)
}

/// The length of the mark at the start; 0 when there is none.
const fn mark(here: &[u8]) -> usize {
    match here {
        [b'<', b'!', b'-', b'-', ..] => 4,
        [b'-', b'-', b'>', ..] => 3,
        [b'/', b'*', ..] | [b'*', b'/', ..] | [b'-', b'-', ..] => 2,
        [b'#', ..] => 1,
        _ => 0,
    }
}
