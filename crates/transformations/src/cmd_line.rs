//! `cmdLine`: undoes what command interpreters let pass in a command.
//!
//! `C^"md\  /c` → `cmd/c`: quotes, backslashes and carets vanish, a run of blanks, commas, semicolons, tabs and line ends
//! becomes one blank, none stays before `/` and `(`, and letters become lower case. Input ends at the first NUL.
//! ModSecurity always reports a change, so `identity` never holds; see `preserves`. Reference Manual: `cmdLine`.

use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "cmdLine",
    aliases: &[],
    summary: "Removes shell escapes, squeezes separators and lower-cases letters.",
    examples: &[
        Example { input: b"C^\"md\\  /c , ; DIR  / (x", output: b"cmd/c dir/(x" },
        Example { input: b"a ^ b\0c", output: b"a b" },
    ],
    apply,
    identity: |_| false,
    preserves: |bytes| !bytes.any_in(b'A'..=b'Z') && !bytes.intersects(&MARKS),
};

/// Every byte but the capital letters that may lead to a change.
const MARKS: ByteSet = ByteSet::from_bytes(b"\"'\\^ ,;\t\r\n\0");

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    out.clear();
    let text = input.split(|&byte| byte == 0).next().unwrap_or_default();
    let plain =
        scan::first(text, |byte| byte.is_ascii_uppercase() || MARKS.contains(byte)).unwrap_or(text.len());
    let (plain, rest) = text.split_at(plain);
    out.reserve(text.len());
    out.extend_from_slice(plain);

    let mut in_gap = false;
    for &byte in rest {
        match byte {
            b'"' | b'\'' | b'\\' | b'^' => {}
            b' ' | b',' | b';' | b'\t' | b'\r' | b'\n' => {
                if !in_gap {
                    out.push(b' ');
                }
                in_gap = true;
            }
            b'/' | b'(' => {
                if in_gap {
                    out.pop();
                }
                out.push(byte);
                in_gap = false;
            }
            _ => {
                out.push(byte.to_ascii_lowercase());
                in_gap = false;
            }
        }
    }
    Outcome::Changed
}
