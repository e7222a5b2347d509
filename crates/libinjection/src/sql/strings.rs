//! Quoted strings of all dialects.
//!
//! `'it''s'` → string `it''s`; `E'\n'`, `N'x'`, `U&'x'`, `q'[x]'`, `nq'(x)'` → string with the prefix in its delimiters.
//! Called by the tokenizer for quotes and for the letters that can stand before one; without the quote those begin a word.

use memchr::{memchr, memmem};

use super::token::{Kind, Token};
use super::tokenizer::Tokens;

impl<'a> Tokens<'a> {
    /// A string that begins `skip` bytes ahead and ends at the next `delimiter` that is neither doubled nor behind an odd number
    /// of backslashes. `open` is `None` when the application's quote is only assumed.
    pub(super) fn quoted(&mut self, skip: usize, delimiter: u8, open: Option<u8>) -> Token<'a> {
        let content = self.rest(skip);
        self.at += skip;
        let end = closing(content, delimiter);
        let mut token = self.take(Kind::String, end.unwrap_or(content.len()));
        token.open = open;
        token.close = end.map(|_| delimiter);
        if end.is_some() {
            self.at += 1;
        }
        token
    }

    /// PostgreSQL's `E'…'`, also the tail of MySQL's `N'…'`. At least one byte must follow the quote.
    pub(super) fn escaped(&mut self) -> Token<'a> {
        if self.peek(1) == Some(b'\'') && self.peek(2).is_some() {
            self.quoted(2, b'\'', Some(b'\''))
        } else {
            self.word()
        }
    }

    /// MySQL's `N'…'` or Oracle's `nq'…'`.
    pub(super) fn national(&mut self) -> Token<'a> {
        if self.peek(1) == Some(b'\'') && self.peek(2).is_some() { self.escaped() } else { self.oracle(1) }
    }

    /// `U&'…'`.
    pub(super) fn unicode(&mut self) -> Token<'a> {
        if self.peek(1) != Some(b'&') || self.peek(2) != Some(b'\'') {
            return self.word();
        }
        let mut token = self.quoted(3, b'\'', Some(b'u'));
        token.close = token.close.map(|_| b'u');
        token
    }

    /// Oracle's `q'[…]'`, with `prefix` letters before the `q`. Brackets close with their partner, other bytes with themselves;
    /// control bytes, space and bytes outside ASCII delimit nothing.
    pub(super) fn oracle(&mut self, prefix: usize) -> Token<'a> {
        let (Some(b'q' | b'Q'), Some(b'\''), Some(delimiter @ 33..=127)) =
            (self.peek(prefix), self.peek(prefix + 1), self.peek(prefix + 2))
        else {
            return self.word();
        };
        let close = match delimiter {
            b'(' => b')',
            b'[' => b']',
            b'{' => b'}',
            b'<' => b'>',
            other => other,
        };
        self.at += prefix + 3;
        let content = self.rest(0);
        let end = memmem::find(content, &[close, b'\'']);
        let mut token = self.take(Kind::String, end.unwrap_or(content.len()));
        token.open = Some(b'q');
        token.close = end.map(|_| b'q');
        if end.is_some() {
            self.at += 2;
        }
        token
    }
}

/// Where the string that starts at the beginning of `content` ends. Linear: each backslash belongs to one run, and a run is
/// counted only for the delimiter right behind it.
fn closing(content: &[u8], delimiter: u8) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr(delimiter, content.get(from..)?)?;
        let before = content.get(..at)?;
        let backslashes = before.iter().rev().take_while(|&&byte| byte == b'\\').count();
        if backslashes % 2 == 1 {
            from = at + 1;
        } else if content.get(at + 1) == Some(&delimiter) {
            from = at + 2;
        } else {
            return Some(at);
        }
    }
}
