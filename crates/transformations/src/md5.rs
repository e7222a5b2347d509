//! `md5`: the MD5 digest, as 16 raw bytes.
//!
//! The empty value → `d41d8cd98f00b204e9800998ecf8427e`, written as bytes; rules mostly add `hexEncode`.
//! It is no protection of secrets, only a name for a content. ModSecurity always reports a change, so `identity` never
//! holds. Reference Manual: `md5`.

use ::md5::{Digest, Md5};

use crate::{Example, Outcome, Tables, Transformation};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "md5",
    aliases: &[],
    summary: "Replaces the value by its MD5 digest, 16 raw bytes.",
    examples: &[Example {
        input: b"",
        output: b"\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e",
    }],
    apply,
    identity: |_| false,
    preserves: |_| false,
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    out.clear();
    out.extend_from_slice(&Md5::digest(input));
    Outcome::Changed
}
