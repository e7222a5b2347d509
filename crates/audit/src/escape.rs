//! How bytes are shown in text logs: `a"b\xff` (with a raw ff) → `a\"b\xff` (in letters).
//!
//! Two alphabets: ModSecurity's, which httpd shares for its error log ([`log_escape`]), and the reversible one of our
//! own access log ([`reversible`]). Neither limits length. (manual: "Error log", "Access log")

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Which of the printable characters [`log_escape`] touches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Printable {
    /// `"` and `\` get a backslash: values between quotes.
    QuotesAndBackslashes,
    /// `\` is doubled, `"` stays: httpd writing its error log.
    Backslashes,
    /// Both stay: text that is already escaped and must only stay on its line.
    Untouched,
}

/// Controls by letter (`\n`) or as `\xhh`, bytes from 0x7f as `\xhh`, printable ones as asked.
pub(crate) fn log_escape(text: &[u8], printable: Printable, out: &mut Vec<u8>) {
    out.reserve(text.len());
    // Combined without branches, so that many bytes are tested at a time; NUL is special anyway.
    let quote = if printable == Printable::QuotesAndBackslashes { b'"' } else { 0 };
    let backslash = if printable == Printable::Untouched { 0 } else { b'\\' };
    let is_special = |byte: u8| (byte.wrapping_sub(0x20) > 0x5e) | (byte == quote) | (byte == backslash);
    let mut rest = text;
    // Nearly all of a line is copied as it is, a block at a time.
    while let Some((&byte, behind)) = rest.split_first() {
        let plain = plain_length(rest, is_special);
        if plain > 0 {
            let (as_is, behind) = rest.split_at(plain);
            out.extend_from_slice(as_is);
            rest = behind;
            continue;
        }
        rest = behind;
        match byte {
            b'"' if printable == Printable::QuotesAndBackslashes => out.extend_from_slice(b"\\\""),
            b'\\' if printable != Printable::Untouched => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x0b => out.extend_from_slice(b"\\v"),
            0x00..=0x1f | 0x7f..=0xff => push_hex(byte, out),
            _ => out.push(byte),
        }
    }
}

/// How many bytes at the beginning are not special. Blocks are tested without branches, so that the compiler can widen them.
fn plain_length(text: &[u8], is_special: impl Fn(u8) -> bool) -> usize {
    let (blocks, rest) = text.as_chunks::<32>();
    let plain =
        blocks.iter().take_while(|block| !block.iter().fold(false, |hit, &byte| hit | is_special(byte)));
    let passed = plain.count();
    let tail = blocks.get(passed).map_or(rest, |block| block.as_slice());
    passed * 32 + tail.iter().position(|&byte| is_special(byte)).unwrap_or(tail.len())
}

/// `"text"` with ModSecurity's escapes.
pub(crate) fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    log_escape(text, Printable::QuotesAndBackslashes, out);
    out.push(b'"');
}

/// UTF-8 stays, each other byte becomes `\xhh`, a backslash becomes `\\`: undone by reading the two forms back.
pub(crate) fn reversible(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '\\' {
                out.push('\\');
            }
            out.push(character);
        }
        for byte in chunk.invalid() {
            let mut hex = Vec::with_capacity(4);
            push_hex(*byte, &mut hex);
            out.extend(hex.iter().map(|digit| char::from(*digit)));
        }
    }
    out
}

fn push_hex(byte: u8, out: &mut Vec<u8>) {
    // A nibble is always an index of sixteen digits.
    out.extend_from_slice(&[b'\\', b'x', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &[u8], printable: Printable) -> String {
        let mut out = Vec::new();
        log_escape(text, printable, &mut out);
        String::from_utf8(out).expect("escapes are ASCII")
    }

    #[test]
    fn each_class_of_bytes_has_its_form() {
        let text = b"a\"\\\x08\n\r\t\x0b\x00\x1f\x7f\xff";
        assert_eq!(escaped(text, Printable::QuotesAndBackslashes), r#"a\"\\\b\n\r\t\v\x00\x1f\x7f\xff"#);
        assert_eq!(escaped(text, Printable::Backslashes), r#"a"\\\b\n\r\t\v\x00\x1f\x7f\xff"#);
        assert_eq!(escaped(text, Printable::Untouched), r#"a"\\b\n\r\t\v\x00\x1f\x7f\xff"#);
    }

    #[test]
    fn reversible_text_tells_a_byte_from_its_escape() {
        assert_eq!(reversible("é\\xff".as_bytes()), "é\\\\xff");
        assert_eq!(reversible(b"\xff\xc3\xa9"), "\\xffé");
        assert_eq!(reversible(b"\xc3"), "\\xc3");
    }
}
