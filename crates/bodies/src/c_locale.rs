//! White space, string ends and log escapes as the reference engine's C code sees them.
//!
//! `until_nul(b"a\0b")` → `a`; `escaped(b"a\r\n")` → `a\r\n` in letters. Used wherever v2 works on NUL-terminated strings,
//! because a NUL that a client sends then hides what follows. Not a general text library.

/// `isspace` of the C locale.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The bytes before the first NUL: what a C string function sees.
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    memchr::memchr(0, bytes).and_then(|end| bytes.get(..end)).unwrap_or(bytes)
}

/// `bytes` up to the first NUL as they appear in error messages: `\n`, `\x7f`, `\\`; quotes stay.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in until_nul(bytes) {
        match byte {
            0x08 => text.push_str("\\b"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            0x0b => text.push_str("\\v"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}
