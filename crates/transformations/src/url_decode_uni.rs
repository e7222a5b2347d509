//! `urlDecodeUni`: as `urlDecode`, and decodes `%uHHHH`.
//!
//! `%u0041%uff1c+` → `A< `. A code unit becomes the byte that the Unicode map gives it, when one is loaded and has it; else
//! its low byte, or the ASCII character of a full-width form. A malformed `%u` stays. Reference Manual: `urlDecodeUni`.

use memchr::memchr2;

use crate::code_unit::{all_hex, byte_of, narrow, value_of};
use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "urlDecodeUni",
    aliases: &[],
    summary: "Decodes URL-encoded text, including `%uHHHH`.",
    examples: &[
        Example {
            input: b"%u0041%u00e9%uff1c%u2039%u0107%uzz%u41+%4g%",
            output: b"A\xe9<9\x07%uzz%u41 %4g%",
        },
        Example { input: b"%u%41", output: b"%uA" },
    ],
    apply,
    identity: |bytes| !bytes.contains(b'%') && !bytes.contains(b'+'),
    preserves: |bytes| !bytes.contains(b'%') && !bytes.contains(b'+'),
};

fn apply(input: &[u8], tables: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let mut changed = false;
    let rewritten = scan::rewrite(
        input,
        out,
        |rest| memchr2(b'%', b'+', rest),
        |here, out| {
            let (byte, used) = match *here {
                [b'+', ..] => (b' ', 1),
                [_, b'u' | b'U', a, b, c, d, ..] if all_hex(&[a, b, c, d]) => {
                    (code_unit([a, b, c, d], tables), 6)
                }
                [_, high, low, ..] if all_hex(&[high, low]) => (byte_of(high, low), 3),
                _ => {
                    out.push(b'%');
                    return 1;
                }
            };
            changed = true;
            out.push(byte);
            used
        },
    );
    if rewritten { scan::outcome(input, out, changed) } else { Outcome::Unchanged }
}

fn code_unit(digits: [u8; 4], tables: &Tables<'_>) -> u8 {
    let mapped = tables.unicode.and_then(|map| map.lookup(u32::from(value_of(digits))));
    mapped.unwrap_or_else(|| narrow(digits))
}
