//! From the bytes of a document to UTF-8, and the XML declaration that names the encoding.
//!
//! `<?xml version="1.0" encoding="iso-8859-1"?><a>\xE9</a>` → the same document with `é` in UTF-8. As in libxml, UTF-16
//! is known by its byte order mark or by a `<?` in that width, and then keeps its encoding whatever the declaration
//! says, as long as the name is a known one; without a mark the declaration decides, and UTF-8 is the default.
//! libxml asks iconv for everything else and we ask the encodings of the WHATWG standard: they agree on the names and
//! bytes that occur, but UTF-7, UTF-32, EBCDIC and the DOS code pages are refused here, and a byte that means nothing
//! in its encoding ends the document in both.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::chars::{forbidden, is_blank};
use super::scanner::Scanner;

/// A document in UTF-8, up to the first character that is none.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    /// Where the XML declaration ends.
    pub(super) body: usize,
    /// `standalone="yes"`.
    pub(super) standalone: bool,
    /// Why the text ends before the document does.
    pub(super) cut: Option<&'static str>,
}

/// Decodes a document and reads its declaration.
pub(super) fn decode(input: &[u8]) -> Result<Decoded<'_>, &'static str> {
    let (wide, input) = detect(input)?;
    let (text, cut) = match wide {
        Some(encoding) => decode_with(encoding, input),
        None => valid_prefix(input),
    };
    let (declaration, body) = match declaration_text(&text) {
        Some(content) => (parse_declaration(content)?, content.len() + "<?xml?>".len()),
        None => (Declaration::default(), 0),
    };
    let standalone = declaration.standalone;
    let narrow = match declaration.encoding {
        Some(name) => named(name, wide.is_some())?,
        None => Narrow::Utf8,
    };
    // The declaration is ASCII, so it has the same length in every encoding that it can name.
    let (text, cut) = match narrow {
        Narrow::Utf8 => (text, cut),
        Narrow::Latin1 => (input.iter().map(|&byte| char::from(byte)).collect::<String>().into(), None),
        Narrow::Ascii => {
            let end = input.iter().position(|byte| !byte.is_ascii());
            let (text, _) = valid_prefix(input.get(..end.unwrap_or(input.len())).unwrap_or(input));
            (text, end.map(|_| "a byte above 7F in an ASCII document"))
        }
        Narrow::Other(encoding) => decode_with(encoding, input),
    };
    let (text, cut) = without_forbidden(text, cut);
    Ok(Decoded { text, body, standalone, cut })
}

/// How a document without a wide encoding is to be read.
#[derive(Debug, Clone, Copy)]
enum Narrow {
    Utf8,
    Latin1,
    Ascii,
    Other(&'static Encoding),
}

/// The encoding that the first four bytes give away, and the bytes after a byte order mark.
fn detect(input: &[u8]) -> Result<(Option<&'static Encoding>, &[u8]), &'static str> {
    match input {
        [0, 0, 0, b'<', ..] | [b'<', 0, 0, 0, ..] => Err("UTF-32 is not supported"),
        [0x4C, 0x6F, 0xA7, 0x94, ..] => Err("EBCDIC is not supported"),
        [0xFE, 0xFF, rest @ ..] if input.len() >= 4 => Ok((Some(UTF_16BE), rest)),
        [0xFF, 0xFE, rest @ ..] if input.len() >= 4 => Ok((Some(UTF_16LE), rest)),
        [0, b'<', 0, b'?', ..] => Ok((Some(UTF_16BE), input)),
        [b'<', 0, b'?', 0, ..] => Ok((Some(UTF_16LE), input)),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Ok((None, rest)),
        _ => Ok((None, input)),
    }
}

/// What a declared name means for a document that is (`wide`) or is not in UTF-16.
fn named(name: &str, wide: bool) -> Result<Narrow, &'static str> {
    let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let narrow = if is(&["utf-8", "utf8"]) {
        Narrow::Utf8
    } else if is(&["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "iso-latin-1", "l1"]) {
        Narrow::Latin1
    } else if is(&["us-ascii", "ascii", "iso646-us", "csascii", "ansi_x3.4-1968"]) {
        Narrow::Ascii
    } else if is(&["utf-16", "utf16", "utf-16le", "utf-16be"]) {
        // libxml refuses these names on a document it could read so far.
        return if wide { Ok(Narrow::Utf8) } else { Err("labelled UTF-16 but has UTF-8 content") };
    } else {
        let label = if is(&["cp1252"]) { "windows-1252" } else { name };
        let encoding = Encoding::for_label_no_replacement(label.as_bytes());
        Narrow::Other(encoding.filter(|found| !is_ours_alone(found)).ok_or("unsupported encoding")?)
    };
    Ok(if wide { Narrow::Utf8 } else { narrow })
}

/// Encodings of the WHATWG that iconv does not have, or that do not keep ASCII.
fn is_ours_alone(encoding: &'static Encoding) -> bool {
    !encoding.is_ascii_compatible() || encoding == encoding_rs::X_USER_DEFINED
}

/// Decodes up to the first sequence that is malformed.
fn decode_with(encoding: &'static Encoding, input: &[u8]) -> (Cow<'static, str>, Option<&'static str>) {
    const MALFORMED: &str = "malformed bytes in the document's encoding";
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(input.len()).unwrap_or(0);
    let mut text = String::with_capacity(room);
    let (result, _) = decoder.decode_to_string_without_replacement(input, &mut text, true);
    let cut = (result != encoding_rs::DecoderResult::InputEmpty).then_some(MALFORMED);
    // Bytes that a Windows code page leaves undefined become C1 controls there, and an error in iconv.
    if encoding.name().starts_with("windows-")
        && let Some(at) = text.find(|c| matches!(c, '\u{80}'..='\u{9F}'))
    {
        text.truncate(at);
        return (text.into(), Some(MALFORMED));
    }
    (text.into(), cut)
}

fn valid_prefix(input: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    match std::str::from_utf8(input) {
        Ok(text) => (text.into(), None),
        Err(error) => {
            let valid = input.get(..error.valid_up_to()).unwrap_or_default();
            (String::from_utf8_lossy(valid), Some("not proper UTF-8"))
        }
    }
}

fn without_forbidden<'a>(
    text: Cow<'a, str>,
    cut: Option<&'static str>,
) -> (Cow<'a, str>, Option<&'static str>) {
    let Some(at) = forbidden(&text) else { return (text, cut) };
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..at).unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(at);
            Cow::Owned(text)
        }
    };
    (text, Some("a character that XML does not allow"))
}

/// What the XML declaration says.
#[derive(Debug, Default)]
struct Declaration<'a> {
    encoding: Option<&'a str>,
    standalone: bool,
}

/// The text between `<?xml` and `?>` at the very start.
fn declaration_text(text: &str) -> Option<&str> {
    let content = text.strip_prefix("<?xml").filter(|rest| rest.bytes().next().is_some_and(is_blank))?;
    // A declaration that is never closed is found to be malformed by its parser.
    content.get(..memchr::memmem::find(content.as_bytes(), b"?>").unwrap_or(content.len()))
}

fn parse_declaration(content: &str) -> Result<Declaration<'_>, &'static str> {
    let mut scanner = Scanner::new(content);
    let mut declaration = Declaration::default();
    let version = attribute(&mut scanner, "version")?.ok_or("no version in the XML declaration")?;
    if !version.strip_prefix("1.").is_some_and(|minor| minor.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err("unsupported XML version");
    }
    if let Some(name) = attribute(&mut scanner, "encoding")? {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.bytes().all(valid) {
            return Err("invalid encoding name");
        }
        declaration.encoding = Some(name);
    }
    match attribute(&mut scanner, "standalone")? {
        Some("yes") => declaration.standalone = true,
        Some("no") | None => {}
        Some(_) => return Err("standalone must be yes or no"),
    }
    scanner.blanks();
    if scanner.is_empty() { Ok(declaration) } else { Err("malformed XML declaration") }
}

/// The value of a part of the declaration, when it comes next.
fn attribute<'a>(scanner: &mut Scanner<'a>, name: &str) -> Result<Option<&'a str>, &'static str> {
    let mut ahead = *scanner;
    let blanks = ahead.blanks();
    if !ahead.eat(name) {
        return Ok(None);
    }
    ahead.blanks();
    let equals = ahead.eat("=");
    ahead.blanks();
    let value = ahead.literal().filter(|_| blanks && equals).ok_or("malformed XML declaration")?;
    *scanner = ahead;
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(input: &[u8]) -> Result<(String, bool), &'static str> {
        decode(input).map(|decoded| {
            (decoded.text.get(decoded.body..).unwrap_or_default().to_owned(), decoded.cut.is_none())
        })
    }

    fn declared(encoding: &str, bytes: &[u8]) -> Vec<u8> {
        let mut input = format!("<?xml version='1.0' encoding='{encoding}'?>").into_bytes();
        input.extend_from_slice(bytes);
        input
    }

    #[test]
    fn encodings_are_decoded_as_iconv_does() {
        for (name, expected) in [
            ("UTF-8", "xé"),
            ("utf8", "xé"),
            ("iso-8859-1", "xÃ©"),
            ("LATIN1", "xÃ©"),
            ("windows-1252", "xÃ©"),
            ("cp1252", "xÃ©"),
            ("iso-8859-2", "xĂŠ"),
            ("koi8-r", "xц╘"),
            ("shift_jis", "xﾃｩ"),
            ("gbk", "x茅"),
            ("big5", "x矇"),
            ("euc-kr", "x챕"),
        ] {
            assert_eq!(text(&declared(name, b"x\xC3\xA9")), Ok((expected.to_owned(), true)), "{name}");
        }
        for name in [
            "utf-16",
            "UTF-16LE",
            "xyz",
            "UTF-7",
            "IBM037",
            "replacement",
            "x-user-defined",
            " utf-8",
            "8859",
            "",
        ] {
            assert!(text(&declared(name, b"x")).is_err(), "{name}");
        }
        assert_eq!(text(&declared("us-ascii", b"x\xC3\xA9")), Ok(("x".to_owned(), false)));
        assert_eq!(text(&declared("windows-1252", b"\x80\x81")), Ok(("€".to_owned(), false)));
        assert_eq!(text(b"a\xFFb"), Ok(("a".to_owned(), false)));
        assert_eq!(text(b"a\x01b"), Ok(("a".to_owned(), false)));
    }

    #[test]
    fn utf_16_is_known_by_its_first_bytes() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        let expected = Ok(("<a>é</a>".to_owned(), true));
        assert_eq!(text(&wide("\u{FEFF}<a>é</a>")), expected);
        assert_eq!(text(&big("\u{FEFF}<a>é</a>")), expected);
        for name in ["utf-16", "utf-8", "iso-8859-1"] {
            let document = format!("<?xml version='1.0' encoding='{name}'?><a>é</a>");
            assert_eq!(text(&wide(&document)), expected, "{name}");
            assert_eq!(text(&big(&document)), expected, "{name}");
        }
        assert!(text(&wide("\u{FEFF}<?xml version='1.0' encoding='xyz'?>")).is_err());
        assert_eq!(text(b"\xEF\xBB\xBF<a/>"), Ok(("<a/>".to_owned(), true)));
        assert_eq!(text(b"\xFE\xFF\x00<\xD8\x00\x00a"), Ok(("<".to_owned(), false)));
    }

    #[test]
    fn declarations_keep_their_order_and_blanks() {
        for good in [
            "<?xml version='1.0'?>",
            "<?xml version = \"1.1\" ?>",
            "<?xml version='1.'?>",
            "<?xml\tversion='1.0'\n\r encoding='utf-8' standalone='no'\n?>",
            "<?xmlx?>",
            "<?xml?>",
        ] {
            assert!(decode(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "<?xml ?>",
            "<?xml encoding='utf-8'?>",
            "<?xml version='2.0'?>",
            "<?xml version='1.0a'?>",
            "<?xml version='1.0'encoding='utf-8'?>",
            "<?xml version='1.0' standalone='yes' encoding='utf-8'?>",
            "<?xml version='1.0' standalone='x'?>",
            "<?xml version='1.0\"?>",
            "<?xml version='1.0' foo='1'?>",
        ] {
            assert!(decode(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
