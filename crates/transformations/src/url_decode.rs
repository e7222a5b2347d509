//! `urlDecode`: decodes percent-encoding and makes blanks of plus signs.
//!
//! `a%20b%zz+` → `a b%zz `: a `%` without two hexadecimal digits stays. Nothing is decoded twice.
//! Reference Manual: `urlDecode`.

use memchr::memchr2;

use crate::code_unit::byte_of;
use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "urlDecode",
    aliases: &[],
    summary: "Decodes URL-encoded text.",
    examples: &[
        Example { input: b"a%20b%zz+%4%u0041%", output: b"a b%zz %4%u0041%" },
        Example { input: b"%2541", output: b"%41" },
        Example { input: b"100%", output: b"100%" },
    ],
    apply,
    identity: |bytes| !bytes.contains(b'%') && !bytes.contains(b'+'),
    preserves: |bytes| !bytes.contains(b'%') && !bytes.contains(b'+'),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let mut changed = false;
    let rewritten = scan::rewrite(
        input,
        out,
        |rest| memchr2(b'%', b'+', rest),
        |here, out| {
            let (byte, used) = match *here {
                [b'+', ..] => (b' ', 1),
                [_, high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    (byte_of(high, low), 3)
                }
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
