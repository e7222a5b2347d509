//! `lowercase`: ASCII letters in lower case.
//!
//! `aBC` → `abc`; other bytes stay, UTF-8 letters included. Reference Manual: `lowercase`.

use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "lowercase",
    aliases: &[],
    summary: "Converts ASCII letters to lower case.",
    examples: &[
        Example { input: b"\xc3\x89AB", output: b"\xc3\x89ab" },
        Example { input: b"ab", output: b"ab" },
    ],
    apply,
    identity: |bytes| !bytes.any_in(b'A'..=b'Z'),
    preserves: |bytes| !bytes.any_in(b'A'..=b'Z'),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let Some(at) = scan::first(input, |byte| byte.is_ascii_uppercase()) else { return Outcome::Unchanged };
    let (plain, rest) = input.split_at(at);
    out.clear();
    out.reserve(input.len());
    out.extend_from_slice(plain);
    out.extend(rest.iter().map(u8::to_ascii_lowercase));
    Outcome::Changed
}
