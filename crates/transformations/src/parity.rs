//! What the two parity transformations share: a conversion applied to every byte.
//!
//! With "even" the value `abc` becomes E1 E2 63. `parityEven7bit` and `parityOdd7bit` call it with their conversion.

use crate::{ByteSet, Outcome, scan};

/// Converts every byte.
pub(crate) fn apply(input: &[u8], out: &mut Vec<u8>, convert: fn(u8) -> u8) -> Outcome {
    out.clear();
    out.extend(input.iter().map(|&byte| convert(byte)));
    let reported = out != input;
    scan::outcome(input, out, reported)
}

/// Whether no value of these bytes is reported as changed.
pub(crate) fn identity(bytes: &ByteSet, convert: fn(u8) -> u8) -> bool {
    preserves(bytes, convert)
}

/// Whether every member converts to itself.
pub(crate) fn preserves(bytes: &ByteSet, convert: fn(u8) -> u8) -> bool {
    (0..=u8::MAX).all(|byte| !bytes.contains(byte) || convert(byte) == byte)
}
