//! `sha1`: the SHA-1 digest, as 20 raw bytes.
//!
//! The empty value → `da39a3ee5e6b4b0d3255bfef95601890afd80709`, written as bytes; rules mostly add `hexEncode`.
//! It is no protection of secrets, only a name for a content. ModSecurity always reports a change, so `identity` never
//! holds. Reference Manual: `sha1`.

use ::sha1::{Digest, Sha1};

use crate::{Example, Outcome, Tables, Transformation};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "sha1",
    aliases: &[],
    summary: "Replaces the value by its SHA-1 digest, 20 raw bytes.",
    examples: &[Example {
        input: b"",
        output: b"\xda\x39\xa3\xee\x5e\x6b\x4b\x0d\x32\x55\xbf\xef\x95\x60\x18\x90\xaf\xd8\x07\x09",
    }],
    apply,
    identity: |_| false,
    preserves: |_| false,
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    out.clear();
    out.extend_from_slice(&Sha1::digest(input));
    Outcome::Changed
}
