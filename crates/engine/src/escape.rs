//! How ModSecurity v2 escapes bytes in log texts. (spec: error log line, "Escaping")

/// Writes a text as messages, names and most tags show it: `"` and `\` with a backslash, common controls by letter,
/// other bytes below 0x20 or from 0x7f as `\xhh`.
pub(crate) fn log_escape(text: &[u8], out: &mut Vec<u8>) {
    escape(text, true, true, out);
}

/// As [`log_escape`], but quotes stay (names of variables).
pub(crate) fn log_escape_keep_quotes(text: &[u8], out: &mut Vec<u8>) {
    escape(text, false, true, out);
}

/// Writes a text as the `data` tag shows it: everything unusual, quotes and backslashes included, as `\xhh`.
pub(crate) fn log_escape_hex(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        if matches!(byte, b'"' | b'\\') || *byte < 0x20 || *byte >= 0x7f {
            push_hex(*byte, out);
        } else {
            out.push(*byte);
        }
    }
}

fn escape(text: &[u8], quotes: bool, backslash: bool, out: &mut Vec<u8>) {
    // Nearly every text stays as it is.
    let is_plain = |byte: &u8| matches!(byte, 0x20..=0x7e) & (*byte != b'"') & (*byte != b'\\');
    // Without an early end, so that many bytes are tested at a time.
    if text.iter().fold(true, |plain, byte| plain & is_plain(byte)) {
        return out.extend_from_slice(text);
    }
    out.reserve(text.len());
    for byte in text {
        match byte {
            b'"' if quotes => out.extend_from_slice(b"\\\""),
            b'\\' if backslash => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x0b => out.extend_from_slice(b"\\v"),
            0x00..=0x1f | 0x7f..=0xff => push_hex(*byte, out),
            _ => out.push(*byte),
        }
    }
}

fn push_hex(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    #[expect(clippy::indexing_slicing, reason = "a nibble is an index of sixteen digits")]
    out.extend_from_slice(&[b'\\', b'x', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}
