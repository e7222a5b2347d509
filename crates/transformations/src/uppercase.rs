//! `uppercase`: ASCII letters in upper case.
//!
//! `aBc` → `ABC`; other bytes stay. ModSecurity v2 does not have it; v3 and Coraza do. Reference Manual: `uppercase`.

use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "uppercase",
    aliases: &[],
    summary: "Converts ASCII letters to upper case.",
    examples: &[Example { input: b"\xc3\xa9aB", output: b"\xc3\xa9AB" }],
    apply,
    identity: |bytes| !bytes.any_in(b'a'..=b'z'),
    preserves: |bytes| !bytes.any_in(b'a'..=b'z'),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let Some(at) = scan::first(input, |byte| byte.is_ascii_lowercase()) else { return Outcome::Unchanged };
    let (plain, rest) = input.split_at(at);
    out.clear();
    out.reserve(input.len());
    out.extend_from_slice(plain);
    out.extend(rest.iter().map(u8::to_ascii_uppercase));
    Outcome::Changed
}
