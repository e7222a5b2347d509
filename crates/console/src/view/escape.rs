//! What a page prints is text, whatever bytes it came from.
//!
//! `<b>\u{202e}\0` → `&lt;b&gt;\u{202e}\x00` in visible characters. Templates send every value through [`Escaped`], by the file
//! `askama.toml`, so no page can forget it. Tabs and line ends stay; other control characters and those that turn text
//! around or hide in it are printed as escapes.

use std::fmt::{self, Write};

use askama::filters::Escaper;

/// The escaper of the templates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Escaped;

impl Escaper for Escaped {
    fn write_escaped_str<W: Write>(&self, mut to: W, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| write_char(&mut to, c))
    }

    fn write_escaped_char<W: Write>(&self, mut to: W, c: char) -> fmt::Result {
        write_char(&mut to, c)
    }
}

fn write_char(to: &mut impl Write, c: char) -> fmt::Result {
    match c {
        '&' => to.write_str("&amp;"),
        '<' => to.write_str("&lt;"),
        '>' => to.write_str("&gt;"),
        '"' => to.write_str("&quot;"),
        '\'' => to.write_str("&#39;"),
        '\n' | '\t' | '\r' => to.write_char(c),
        c if c.is_ascii_control() => write!(to, "\\x{:02x}", u32::from(c)),
        c if is_invisible(c) => write!(to, "\\u{{{:x}}}", u32::from(c)),
        c => to.write_char(c),
    }
}

/// Characters that change the order of others, are no characters, or are seen as nothing.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Bytes as text of at most `limit` bytes: what is not UTF-8 as `\xff`, and how much was left out.
pub(crate) fn printable(bytes: &[u8], limit: usize) -> String {
    let mut text = String::new();
    for chunk in bytes[..bytes.len().min(limit)].utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    if bytes.len() > limit {
        let _ = write!(text, " … {} bytes more", bytes.len() - limit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut to = String::new();
        Escaped.write_escaped_str(&mut to, text).unwrap();
        to
    }

    #[test]
    fn markup_and_control_characters_are_visible() {
        assert_eq!(escaped("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
        assert_eq!(escaped("a\0b\u{1b}\n\tü"), "a\\x00b\\x1b\n\tü");
        assert_eq!(escaped("x\u{202e}y\u{200b}\u{85}"), "x\\u{202e}y\\u{200b}\\u{85}");
    }

    #[test]
    fn bytes_are_cut_and_say_so() {
        assert_eq!(printable(b"a\xffb", 100), "a\\xffb");
        assert_eq!(printable("aü".as_bytes(), 2), "a\\xc3 … 1 bytes more");
    }
}
