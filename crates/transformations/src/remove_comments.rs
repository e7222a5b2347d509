//! `removeComments`: removes C and HTML comments, and everything from `--` or `#` on.
//!
//! `a/*b*/c<!--d-->e--f` → `ace`. Either closing mark ends either comment, and the byte behind it is copied without being
//! looked at (at the end of the input that byte is a NUL); an unterminated comment leaves a blank. Closing marks outside
//! a comment stay. Reference Manual: `removeComments`.

use memchr::memchr2_iter;

use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "removeComments",
    aliases: &[],
    summary: "Removes comments: `/* … */`, `<!-- … -->`, and the rest from `--` or `#` on.",
    examples: &[
        Example { input: b"a/*b*/c<!--d-->e--f", output: b"ace" },
        Example { input: b"a/*b", output: b"a " },
        Example { input: b"a#b", output: b"a" },
        Example { input: b"a*/b-->c", output: b"a*/b" },
        Example { input: b"a/*b*//*c*/d", output: b"a/*c*/d" },
        Example { input: b"a/**/", output: b"a\0" },
    ],
    apply,
    identity: has_no_opener,
    preserves: has_no_opener,
};

fn has_no_opener(bytes: &ByteSet) -> bool {
    let special =
        bytes.contains(b'#') || bytes.contains(b'-') || (bytes.contains(b'/') && bytes.contains(b'*'));
    !special
}

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    if !scan::rewrite(input, out, opener, remove) {
        return Outcome::Unchanged;
    }
    Outcome::Changed
}

fn opener(input: &[u8]) -> Option<usize> {
    let wanted = |byte| matches!(byte, b'/' | b'<' | b'-' | b'#');
    scan::first_confirmed(input, wanted, |here| {
        matches!(here, [b'#', ..] | [b'-', b'-', ..] | [b'/', b'*', ..] | [b'<', b'!', b'-', b'-', ..])
    })
}

fn remove(comment: &[u8], out: &mut Vec<u8>) -> usize {
    let inside = match comment {
        [b'/', _, inside @ ..] | [b'<', _, _, _, inside @ ..] => inside,
        _ => return comment.len(),
    };
    let Some(rest) = behind_closer(inside) else {
        out.push(b' ');
        return comment.len();
    };
    out.push(rest.first().copied().unwrap_or(0));
    comment.len() - rest.len() + 1
}

/// What follows the first closing mark.
fn behind_closer(inside: &[u8]) -> Option<&[u8]> {
    memchr2_iter(b'*', b'-', inside).find_map(|at| match inside.split_at(at).1 {
        [b'*', b'/', rest @ ..] | [b'-', b'-', b'>', rest @ ..] => Some(rest),
        _ => None,
    })
}
