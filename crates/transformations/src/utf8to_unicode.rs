//! `utf8toUnicode`: writes UTF-8 sequences as `%uHHHH`.
//!
//! `a` C3 A9 → `a%u00e9`; code points beyond FFFF have five or six digits. Input that is not UTF-8 is treated as
//! ModSecurity does: a lead byte without its continuation bytes vanishes, stray continuation bytes and F5 to FF stay,
//! overlong and surrogate sequences are written and their lead byte after them, and NUL vanishes. Only a written
//! sequence is reported as a change. The result is at most 3.5 times the input (C0 80 → `%u0000` C0).
//! Reference Manual: `utf8toUnicode`.

use std::io::Write;

use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "utf8toUnicode",
    aliases: &[],
    summary: "Converts UTF-8 sequences to `%uHHHH`.",
    examples: &[
        Example { input: "aé＜😀".as_bytes(), output: b"a%u00e9%uff1c%u1f600" },
        Example { input: b"\xc0\xaf", output: b"%u002f\xc0" },
        Example { input: b"\xed\xa0\x80", output: b"%ud800\xed" },
        Example { input: b"\xc3a\0b", output: b"ab" },
        Example { input: b"\xe2\x82", output: b"\x82" },
        Example { input: b"\xf5\x80\x80\x80", output: b"\xf5%u140000" },
    ],
    apply,
    identity,
    preserves: identity,
};

const fn matters(byte: u8) -> bool {
    matches!(byte, 0 | 0xc0..=0xf7)
}

fn identity(bytes: &ByteSet) -> bool {
    !bytes.contains(0) && !bytes.any_in(0xc0..=0xf7)
}

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let mut changed = false;
    let rewritten = scan::rewrite(
        input,
        out,
        |rest| scan::first(rest, matters),
        |here, out| {
            let lead = here.first().copied().unwrap_or(0);
            if lead >= 0xf5 {
                out.push(lead);
            }
            let Some((code_point, length)) = sequence(here) else { return 1 };
            changed = true;
            write!(out, "%u{code_point:04x}").expect("a vector accepts every write");
            for _ in 0..faults(code_point, length) {
                out.push(lead);
            }
            length
        },
    );
    if rewritten { scan::outcome(input, out, changed) } else { Outcome::Unchanged }
}

/// The code point of the sequence at the start and its length, when its continuation bytes are there.
fn sequence(here: &[u8]) -> Option<(u32, usize)> {
    let (lead, length) = match *here.first()? {
        lead @ 0xc0..=0xdf => (lead & 0x1f, 2),
        lead @ 0xe0..=0xef => (lead & 0x0f, 3),
        lead @ 0xf0..=0xf7 => (lead & 0x07, 4),
        _ => return None,
    };
    let mut code_point = u32::from(lead);
    for &byte in here.get(1..length)? {
        if byte & 0xc0 != 0x80 {
            return None;
        }
        code_point = code_point << 6 | u32::from(byte & 0x3f);
    }
    Some((code_point, length))
}

/// How many rules of UTF-8 the sequence breaks: each puts the lead byte behind it once.
fn faults(code_point: u32, length: usize) -> usize {
    let shortest = match length {
        2 => 0x80,
        3 => 0x800,
        _ => 0x1_0000,
    };
    usize::from(matches!(code_point, 0xd800..=0xdfff)) + usize::from(code_point < shortest)
}
