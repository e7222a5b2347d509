//! Escaping of operator texts inside log messages.
//!
//! `a"\x01é` becomes `a\"\x01\xc3\xa9`. Operators call this for patterns, phrases and arguments when they write their
//! message; the writer of the error log escapes the whole line once more in its own way. What does *not* go through
//! here: variable names, and the pattern in the `verify…` messages, which ModSecurity prints as written.

/// The longest escaped text that a message shows whole; longer ones end in ` ...`.
const LIMIT: usize = 252;

/// Appends an expression whose macros were expanded: `+ . [ ] ( ) ?`, slashes, colons and all that [`escape`] changes lose their
/// meaning, whoever wrote them, while `* { } | ^ $` keep it. ModSecurity escapes the text as for its log.
pub(crate) fn escape_expression(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'+' | b'.' | b'[' | b']' | b'(' | b')' | b'?' | b'/' | b':' => out.extend([b'\\', byte]),
            _ => escape(&[byte], out),
        }
    }
}

/// Appends `text` escaped: quotes and backslashes get a backslash, control and non-ASCII bytes become `\xhh`.
pub(crate) fn escape(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            0x08 => out.extend(b"\\b"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0x0b => out.extend(b"\\v"),
            0x20..=0x7e => out.push(byte),
            _ => {
                let digit =
                    |nibble: u8| char::from_digit(u32::from(nibble), 16).map_or(b'0', |digit| digit as u8);
                out.extend([b'\\', b'x', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
}

/// Appends `text` escaped and cut to the first 252 bytes of the escaped form, plus ` ...` when something was cut.
pub(crate) fn escape_cut(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    // No more than this many source bytes can be shown, so a huge pattern costs nothing.
    escape(&text[..text.len().min(LIMIT + 1)], out);
    if out.len() - start > LIMIT {
        out.truncate(start + LIMIT);
        out.extend(b" ...");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_the_reference_does() {
        let mut out = Vec::new();
        escape(b"x|\\d\t\x01\x7f\xe9\".:", &mut out);
        assert_eq!(out, b"x|\\\\d\\t\\x01\\x7f\\xe9\\\".:");
    }

    #[test]
    fn cuts_the_escaped_form() {
        let mut out = Vec::new();
        escape_cut(&[b'\\'; 127], &mut out);
        assert_eq!(out, [&[b'\\'; 252][..], b" ..."].concat());
        out.clear();
        escape_cut(&[b'\\'; 126], &mut out);
        assert_eq!(out, [b'\\'; 252]);
    }
}
