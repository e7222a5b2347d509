//! Hexadecimal digits and UTF-16 code units, as the decoders read them.
//!
//! `byte_of(b'4', b'1')` is `A`; the code unit `ff1c`, a full-width `<`, becomes `<`. The decoders call it. Digits are
//! not validated: `hexDecode` wants the arithmetic of ModSecurity on any byte; the others test the digits first.
//! Only the low byte of a code unit survives, which is ModSecurity's bet that filters look at ASCII.

/// The value ModSecurity's arithmetic gives a digit: right for hexadecimal digits, defined for any byte.
pub(crate) const fn digit(byte: u8) -> u8 {
    if byte >= b'A' { (byte & 0xdf).wrapping_sub(b'A').wrapping_add(10) } else { byte.wrapping_sub(b'0') }
}

/// The byte two digits stand for.
pub(crate) const fn byte_of(high: u8, low: u8) -> u8 {
    digit(high).wrapping_mul(16).wrapping_add(digit(low))
}

/// The code unit four hexadecimal digits stand for.
pub(crate) const fn value_of([a, b, c, d]: [u8; 4]) -> u16 {
    u16::from_be_bytes([byte_of(a, b), byte_of(c, d)])
}

/// The byte the code unit of four hexadecimal digits is taken for: its low byte, or the ASCII character of a full-width
/// form (FF01 to FF5E).
pub(crate) const fn narrow(digits: [u8; 4]) -> u8 {
    match value_of(digits).to_be_bytes() {
        [0xff, low @ 0x01..=0x5e] => low + 0x20,
        [_, low] => low,
    }
}

/// Whether all bytes are hexadecimal digits.
pub(crate) fn all_hex(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_hexdigit)
}
