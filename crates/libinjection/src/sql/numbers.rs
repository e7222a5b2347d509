//! Numbers in the notations of all dialects, and the uses of `$`.
//!
//! `0x1F`, `1.5e3`, `2.5d`, `$1,000.00`, `b'01'`, `x'1f'` → number; `1.e` → bareword; `.` → dot; `$a$text$a$` → string.
//! Called by the tokenizer for digits, `.`, `$` and the letters `b` and `x`.
//! NUL counts as a digit after a prefix because the C library asks `strchr` (see `bytes`).

use memchr::memmem;

use super::bytes::is_white;
use super::token::{Kind, Token};
use super::tokenizer::Tokens;

impl<'a> Tokens<'a> {
    pub(super) fn number(&mut self, first: u8) -> Token<'a> {
        if first == b'0'
            && let Some(token) = self.prefixed_number()
        {
            return token;
        }
        let mut len = self.digits(0);
        if self.peek(len) == Some(b'.') {
            len = self.digits(len + 1);
            if len == 1 {
                return self.take(Kind::Dot, 1);
            }
        }
        let mut kind = Kind::Number;
        if let Some(b'E' | b'e') = self.peek(len) {
            let exponent = len + 1 + usize::from(matches!(self.peek(len + 1), Some(b'+' | b'-')));
            len = self.digits(exponent);
            if len == exponent {
                kind = Kind::Bareword;
            }
        }
        if self.has_suffix(len) {
            len += 1;
        }
        self.take(kind, len)
    }

    /// `0x…` and `0b…`; the bare prefix is a word.
    fn prefixed_number(&mut self) -> Option<Token<'a>> {
        let digits = match self.peek(1)? {
            b'X' | b'x' => run(self.rest(2), |byte| byte.is_ascii_hexdigit() || byte == 0),
            b'B' | b'b' => run(self.rest(2), |byte| matches!(byte, b'0' | b'1' | 0)),
            _ => return None,
        };
        let kind = if digits == 0 { Kind::Bareword } else { Kind::Number };
        Some(self.take(kind, digits + 2))
    }

    /// Oracle's `d` or `f` after a float, if the number ends there or `UNION` might follow.
    fn has_suffix(&self, len: usize) -> bool {
        matches!(self.peek(len), Some(b'd' | b'D' | b'f' | b'F'))
            && self.peek(len + 1).is_none_or(|next| is_white(next) || matches!(next, b';' | b'u' | b'U'))
    }

    /// Where the run of decimal digits from `ahead` ends.
    fn digits(&self, ahead: usize) -> usize {
        ahead + run(self.rest(ahead), |byte| byte.is_ascii_digit())
    }

    /// `b'01'` or `x'1f'`: a number if all between the quotes are digits, else a word.
    pub(super) fn quoted_digits(&mut self, is_digit: fn(u8) -> bool) -> Token<'a> {
        if self.peek(1) == Some(b'\'') {
            let digits = run(self.rest(2), is_digit);
            if self.peek(2 + digits) == Some(b'\'') {
                return self.take(Kind::Number, digits + 3);
            }
        }
        self.word()
    }

    /// `$`: an amount of money, PostgreSQL's dollar quotes, or a lone sign.
    pub(super) fn money(&mut self) -> Token<'a> {
        let amount = run(self.rest(1), |byte| matches!(byte, b'0'..=b'9' | b'.' | b',' | 0));
        if amount == 1 && self.peek(1) == Some(b'.') {
            return self.word();
        }
        if amount > 0 {
            return self.take(Kind::Number, amount + 1);
        }
        let tag = run(self.rest(1), |byte| byte.is_ascii_alphabetic() || byte == 0);
        if self.peek(1 + tag) == Some(b'$') {
            return self.dollar_quoted(tag + 2);
        }
        self.take(Kind::Bareword, 1)
    }

    /// `$tag$…$tag$`; the delimiter has `width` bytes. Without a second one the string takes the rest.
    fn dollar_quoted(&mut self, width: usize) -> Token<'a> {
        let rest = self.rest(0);
        let (delimiter, content) = rest.split_at_checked(width).unwrap_or((rest, &[]));
        self.at += delimiter.len();
        let end = memmem::find(content, delimiter);
        let mut token = self.take(Kind::String, end.unwrap_or(content.len()));
        token.open = Some(b'$');
        token.close = end.map(|_| b'$');
        if end.is_some() {
            self.at += delimiter.len();
        }
        token
    }
}

fn run(bytes: &[u8], is_member: fn(u8) -> bool) -> usize {
    bytes.iter().position(|&byte| !is_member(byte)).unwrap_or(bytes.len())
}
