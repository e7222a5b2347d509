//! A writer for JSON text that keeps the order of keys and allows a key twice, as both ModSecurity schemas need.
//!
//! `object, key "a", string "x\n", end` → `{"a":"x\n"}`. The three JSON formats call it. It knows no schema, does not
//! indent, and checks nothing: a format that forgets to close an object is caught by the tests, which parse every
//! fixture. Commas come from the last byte written: after `{`, `[`, `:` (and at the start) none is due, and no value
//! ends in one of these bytes, since strings end in a quote.

use std::io::Write as _;

use crate::digits::decimal;
use crate::escape::reversible;

/// What becomes of bytes that are not UTF-8 (JSON text must be).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonBytes {
    /// Each such byte becomes `\u00hh`: always valid JSON; `é` and a lone 0xe9 byte look alike.
    #[default]
    Latin1,
    /// Bytes as they are, what ModSecurity v2 writes: byte for byte the same, but strict readers refuse the line.
    Raw,
    /// Each such byte becomes the text `\xhh` and a backslash `\\`, before JSON's own escapes: valid and reversible.
    Reversible,
}

/// Appends JSON text to a buffer.
pub(crate) struct JsonText<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    bytes: JsonBytes,
}

impl<'a> JsonText<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, bytes: JsonBytes) -> Self {
        let start = out.len();
        Self { out, start, bytes }
    }

    pub(crate) fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nested(b'{', b'}', fill);
    }

    pub(crate) fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nested(b'[', b']', fill);
    }

    /// A key of a format's own, which needs no escapes.
    pub(crate) fn key(&mut self, key: &'static str) -> &mut Self {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self
    }

    pub(crate) fn key_bytes(&mut self, key: &[u8]) -> &mut Self {
        self.string(key);
        self.out.push(b':');
        self
    }

    pub(crate) fn string(&mut self, text: &[u8]) {
        self.comma();
        self.out.push(b'"');
        match self.bytes {
            // The same in every mode, and what nearly every text is.
            _ if is_plain(text) => self.out.extend_from_slice(text),
            JsonBytes::Raw => self.escape(text),
            JsonBytes::Reversible => self.escape(reversible(text).as_bytes()),
            JsonBytes::Latin1 => {
                for chunk in text.utf8_chunks() {
                    self.escape(chunk.valid().as_bytes());
                    for byte in chunk.invalid() {
                        self.out.extend_from_slice(format!("\\u{byte:04X}").as_bytes());
                    }
                }
            }
        }
        self.out.push(b'"');
    }

    pub(crate) fn strings<T: AsRef<[u8]>>(&mut self, texts: impl IntoIterator<Item = T>) {
        self.array(|json| texts.into_iter().for_each(|text| json.string(text.as_ref())));
    }

    /// A number or `true`, `false`, `null`: anything whose display is JSON already.
    pub(crate) fn literal(&mut self, value: impl std::fmt::Display) {
        self.comma();
        // Writing to a Vec cannot fail.
        let _ = write!(self.out, "{value}");
    }

    /// A number.
    pub(crate) fn number(&mut self, value: u64) {
        self.comma();
        decimal(value, self.out);
    }

    fn nested(&mut self, open: u8, close: u8, fill: impl FnOnce(&mut Self)) {
        self.comma();
        self.out.push(open);
        fill(self);
        self.out.push(close);
    }

    fn comma(&mut self) {
        if self.out.len() > self.start && !matches!(self.out.last(), Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
        }
    }

    fn escape(&mut self, text: &[u8]) {
        self.out.reserve(text.len());
        for &byte in text {
            match byte {
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\\' => self.out.extend_from_slice(b"\\\\"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                0x08 => self.out.extend_from_slice(b"\\b"),
                0x0c => self.out.extend_from_slice(b"\\f"),
                0x00..=0x1f => self.out.extend_from_slice(format!("\\u{byte:04X}").as_bytes()),
                _ => self.out.push(byte),
            }
        }
    }
}

/// Whether a text is its own JSON: printable ASCII without quotes and backslashes. Blocks are tested without branches, so that
/// the compiler can widen them.
fn is_plain(text: &[u8]) -> bool {
    let is_special = |byte: u8| (byte.wrapping_sub(0x20) > 0x5e) | (byte == b'"') | (byte == b'\\');
    let has_special = |block: &[u8]| block.iter().fold(false, |special, byte| special | is_special(*byte));
    let (blocks, rest) = text.as_chunks::<16>();
    !blocks.iter().any(|block| has_special(block)) && !has_special(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: JsonBytes, fill: impl FnOnce(&mut JsonText<'_>)) -> Vec<u8> {
        let mut out = b"before".to_vec();
        fill(&mut JsonText::new(&mut out, bytes));
        out.split_off(6)
    }

    #[test]
    fn commas_stand_between_members_only() {
        let got = text(JsonBytes::Latin1, |json| {
            json.object(|json| {
                json.key("a").array(|_| {});
                json.key("a").strings(["x[", "y"]);
                json.key("n").literal(1);
                json.key("o").object(|_| {});
            });
        });
        assert_eq!(got, br#"{"a":[],"a":["x[","y"],"n":1,"o":{}}"#);
    }

    #[test]
    fn bytes_outside_utf8_follow_the_mode() {
        let value = b"\xff\xc3\xa9\\\x01/\x7f\"";
        let one = |bytes| text(bytes, |json| json.string(value));
        assert_eq!(one(JsonBytes::Raw), b"\"\xff\xc3\xa9\\\\\\u0001/\x7f\\\"\"");
        assert_eq!(one(JsonBytes::Latin1), "\"\\u00FFé\\\\\\u0001/\u{7f}\\\"\"".as_bytes());
        assert_eq!(one(JsonBytes::Reversible), "\"\\\\xffé\\\\\\\\\\u0001/\u{7f}\\\"\"".as_bytes());
    }
}
