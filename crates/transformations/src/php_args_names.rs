//! `phpArgsNames`: the name PHP gives an argument.
//!
//! `  a.b[ ]c` → `a_b[]`: leading blanks go, blanks and dots become underscores up to an array index, what follows the
//! indexes is dropped, and a bracket that is never closed becomes an underscore, after which all is copied as it is.
//! A name that begins with `[` or `=` is no name for PHP: the result is empty. ModSecurity v2 does not have it; v3 does,
//! and reports a change when the result differs. Reference Manual (v3): `phpArgsNames`.

use memchr::memchr;

use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "phpArgsNames",
    aliases: &[],
    summary: "Converts the name of an argument as PHP does.",
    examples: &[
        Example { input: b"a_b.c", output: b"a_b_c" },
        Example { input: b"  a[_b c.", output: b"a__b c." },
        Example { input: b"a_[b][ ]c d_", output: b"a_[b][]" },
        Example { input: b"a[b][c", output: b"a[b]" },
        Example { input: b"[a]", output: b"" },
    ],
    apply,
    identity: |bytes| !bytes.intersects(&MARKS),
    preserves: |bytes| !bytes.intersects(&MARKS),
};

const MARKS: ByteSet = ByteSet::from_bytes(b" .[=");

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    if scan::first(input, |byte| MARKS.contains(byte)).is_none() {
        return Outcome::Unchanged;
    }
    out.clear();
    if !matches!(input, [b'[' | b'=', ..]) {
        let start = input.iter().position(|&byte| byte != b' ').unwrap_or(input.len());
        name(input.split_at(start).1, out);
    }
    let reported = out != input;
    scan::outcome(input, out, reported)
}

fn name(text: &[u8], out: &mut Vec<u8>) {
    let (base, brackets) = text.split_at(memchr(b'[', text).unwrap_or(text.len()));
    out.extend(base.iter().map(|&byte| if matches!(byte, b' ' | b'.') { b'_' } else { byte }));
    match brackets {
        [_, rest @ ..] if memchr(b']', rest).is_none() => {
            out.push(b'_');
            out.extend_from_slice(rest);
        }
        _ => indexes(brackets, out),
    }
}

/// Copies the closed indexes that follow each other; an index of one blank is an empty one.
fn indexes(mut brackets: &[u8], out: &mut Vec<u8>) {
    while let ([b'[', ..], Some(end)) = (brackets, memchr(b']', brackets)) {
        let (index, rest) = brackets.split_at(end + 1);
        out.extend_from_slice(if index == b"[ ]" { b"[]" } else { index });
        brackets = rest;
    }
}
