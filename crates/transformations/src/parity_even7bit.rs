//! `parityEven7bit`: sets bit 7 of every byte so that the byte has even parity.
//!
//! `abc` → `E1 E2 63`. The parity is that of all eight bits of the input byte, as in ModSecurity.
//! Reference Manual: `parityEven7bit`.

use crate::{Example, Transformation, parity};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "parityEven7bit",
    aliases: &[],
    summary: "Sets the high bit of each byte for even parity.",
    examples: &[Example { input: b"abc", output: b"\xe1\xe2c" }],
    apply: |input, _, out| parity::apply(input, out, convert),
    identity: |bytes| parity::identity(bytes, convert),
    preserves: |bytes| parity::preserves(bytes, convert),
};

const fn convert(byte: u8) -> u8 {
    if byte.count_ones() % 2 == 1 { byte | 0x80 } else { byte & 0x7f }
}
