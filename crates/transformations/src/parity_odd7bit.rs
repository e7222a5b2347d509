//! `parityOdd7bit`: sets bit 7 of every byte so that the byte has odd parity.
//!
//! `abc` → `61 62 E3`. The parity is that of all eight bits of the input byte, as in ModSecurity.
//! Reference Manual: `parityOdd7bit`.

use crate::{Example, Transformation, parity};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "parityOdd7bit",
    aliases: &[],
    summary: "Sets the high bit of each byte for odd parity.",
    examples: &[Example { input: b"abc", output: b"ab\xe3" }],
    apply: |input, _, out| parity::apply(input, out, convert),
    identity: |bytes| parity::identity(bytes, convert),
    preserves: |bytes| parity::preserves(bytes, convert),
};

const fn convert(byte: u8) -> u8 {
    if byte.count_ones().is_multiple_of(2) { byte | 0x80 } else { byte & 0x7f }
}
