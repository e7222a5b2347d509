//! `replaceComments`: makes one blank of every C comment.
//!
//! `a/*b*/c/*d` → `a c `. Comments do not nest; an unterminated one reaches to the end. A lone `*/` and comments of other
//! languages stay. Reference Manual: `replaceComments`.

use memchr::memmem;

use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "replaceComments",
    aliases: &[],
    summary: "Replaces each comment `/* … */` by a blank.",
    examples: &[
        Example { input: b"a/*b*/c/*d", output: b"a c " },
        Example { input: b"a*/b/*c", output: b"a*/b " },
        Example { input: b"a/*/b", output: b"a " },
    ],
    apply,
    identity: has_no_opener,
    preserves: has_no_opener,
};

fn has_no_opener(bytes: &ByteSet) -> bool {
    !(bytes.contains(b'/') && bytes.contains(b'*'))
}

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    if !scan::rewrite(input, out, opener, replace) {
        return Outcome::Unchanged;
    }
    Outcome::Changed
}

fn opener(input: &[u8]) -> Option<usize> {
    scan::first_confirmed(input, |byte| byte == b'/', |here| here.starts_with(b"/*"))
}

fn replace(comment: &[u8], out: &mut Vec<u8>) -> usize {
    out.push(b' ');
    let inside = comment.get(2..).unwrap_or_default();
    memmem::find(inside, b"*/").map_or(comment.len(), |at| 2 + at + 2)
}
