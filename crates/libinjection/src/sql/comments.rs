//! Comments of all dialects.
//!
//! `/* a */`, `-- a`, `# a` → comment; `/*! a */` and nested comments → evil, because databases disagree on what they run.
//! Called by the tokenizer for `/`, `-` and `#`. Notes when the other dialect would read a mark differently, so that the
//! verdict knows a second reading is worth the time.

use memchr::{memchr, memmem};

use super::bytes::is_white;
use super::token::{Kind, Token};
use super::tokenizer::{Dialect, Tokens};

impl<'a> Tokens<'a> {
    pub(super) fn slash(&mut self) -> Token<'a> {
        if self.peek(1) != Some(b'*') {
            return self.take(Kind::Operator, 1);
        }
        let content = self.rest(2);
        let end = memmem::find(content, b"*/");
        // The `*` of the end mark counts: `/* /*/` nests.
        let inner = end.and_then(|end| content.get(..=end)).unwrap_or_default();
        let nested = memmem::find(inner, b"/*").is_some();
        let kind = if nested || content.first() == Some(&b'!') { Kind::Evil } else { Kind::Comment };
        self.take(kind, 2 + end.map_or(content.len(), |end| end + 2))
    }

    /// `--` before white space or the end is a comment everywhere, before anything else only outside MySQL.
    pub(super) fn dash(&mut self) -> Token<'a> {
        if self.peek(1) != Some(b'-') {
            return self.take(Kind::Operator, 1);
        }
        if self.peek(2).is_none_or(is_white) {
            return self.line_comment();
        }
        match self.context.dialect {
            Dialect::Ansi => {
                self.dialects_differ = true;
                self.line_comment()
            }
            Dialect::MySql => self.take(Kind::Operator, 1),
        }
    }

    pub(super) fn hash(&mut self) -> Token<'a> {
        self.dialects_differ = true;
        match self.context.dialect {
            Dialect::Ansi => self.take(Kind::Operator, 1),
            Dialect::MySql => self.line_comment(),
        }
    }

    fn line_comment(&mut self) -> Token<'a> {
        let rest = self.rest(0);
        let end = memchr(b'\n', rest);
        let token = self.take(Kind::Comment, end.unwrap_or(rest.len()));
        if end.is_some() {
            self.at += 1;
        }
        token
    }
}
