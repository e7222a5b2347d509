//! A position inside one piece of markup, moved from left to right.
//!
//! At ` b = 'x' c`, [`Scanner::blanks`], [`Scanner::name`] and [`Scanner::literal`] read one part each and say whether
//! it was there. Tags, declarations and the document type are read with it; none of its methods looks at a byte twice.

use super::chars::{is_blank, name_length, nmtoken_length};

/// What is left of a piece of markup.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte, left in place.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Skips white space; false when there was none.
    pub(super) fn blanks(&mut self) -> bool {
        let length = self.rest.bytes().take_while(|&byte| is_blank(byte)).count();
        self.take(length);
        length > 0
    }

    /// Skips `text` when it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A name.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        let length = name_length(self.rest);
        (length > 0).then(|| self.take(length))
    }

    /// A name token, as in an enumeration.
    pub(super) fn nmtoken(&mut self) -> Option<&'a str> {
        let length = nmtoken_length(self.rest);
        (length > 0).then(|| self.take(length))
    }

    /// What stands between two equal quotes, either kind.
    pub(super) fn literal(&mut self) -> Option<&'a str> {
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let body = self.rest.get(1..)?;
        let end = memchr::memchr(quote, body.as_bytes())?;
        self.rest = body.get(end + 1..)?;
        body.get(..end)
    }

    /// What stands before the next `end`, which is skipped too.
    pub(super) fn until(&mut self, end: &str) -> Option<&'a str> {
        let at = memchr::memmem::find(self.rest.as_bytes(), end.as_bytes())?;
        let text = self.take(at);
        self.eat(end);
        Some(text)
    }

    /// The next `length` bytes, which must end between two characters.
    pub(super) fn take(&mut self, length: usize) -> &'a str {
        let (text, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        text
    }
}
