//! Words, back-quoted and bracketed names, and variables.
//!
//! `select.1` → expression `select` (then number `.1`); `` `id` `` → bareword `id`; `[a b]` → bareword `[a b]`; `@@x` → variable `x`.
//! Called by the tokenizer for the bytes that start a name.

use memchr::memchr;

use super::bytes::{ENDS, SPLITS, VARIABLE, WORD};
use super::keywords;
use super::token::{Kind, MAX_TEXT, Token};
use super::tokenizer::Tokens;

impl<'a> Tokens<'a> {
    /// A word runs to the next byte that ends words. If a keyword stands before a `.` or back quote in it, only that is taken;
    /// a word longer than any keyword is not looked up whole.
    pub(super) fn word(&mut self) -> Token<'a> {
        let rest = self.rest(0);
        let mut seen = 0;
        let mut len = rest.len();
        for (at, &byte) in rest.iter().enumerate() {
            let ends = ENDS[usize::from(byte)];
            if ends & WORD != 0 {
                len = at;
                break;
            }
            seen |= ends;
        }
        if seen & SPLITS != 0
            && let Some((kind, len)) = keyword_before_split(&rest[..len.min(MAX_TEXT)])
        {
            return self.take(kind, len);
        }
        let mut token = self.take(Kind::Bareword, len);
        if len <= MAX_TEXT
            && let Some(kind) = keywords::lookup(token.text())
        {
            token.kind = kind;
        }
        token
    }

    /// MySQL's `` `name` ``: a function if it is the name of one, else a bareword.
    pub(super) fn back_quoted(&mut self) -> Token<'a> {
        let mut token = self.quoted(1, b'`', Some(b'`'));
        token.kind = match keywords::lookup(token.text()) {
            Some(Kind::Function) => Kind::Function,
            _ => Kind::Bareword,
        };
        token
    }

    /// SQL Server's `[name]`, brackets included.
    pub(super) fn bracketed(&mut self) -> Token<'a> {
        let rest = self.rest(0);
        let len = memchr(b']', rest).map_or(rest.len(), |end| end + 1);
        self.take(Kind::Bareword, len)
    }

    /// `@name`, `@@name`, and MySQL's quoted forms of both.
    pub(super) fn variable(&mut self) -> Token<'a> {
        let sigils = if self.peek(1) == Some(b'@') { 2 } else { 1 };
        self.at += usize::from(sigils);
        let mut token = match self.peek(0) {
            Some(b'`') => self.back_quoted(),
            Some(quote @ (b'\'' | b'"')) => self.quoted(1, quote, Some(quote)),
            _ => {
                let rest = self.rest(0);
                let len = rest.iter().position(|&byte| ENDS[usize::from(byte)] & VARIABLE != 0);
                self.take(Kind::Variable, len.unwrap_or(rest.len()))
            }
        };
        token.kind = Kind::Variable;
        token.sigils = sigils;
        token
    }
}

/// The keyword that stops before the first possible split of `word`, with its length.
fn keyword_before_split(word: &[u8]) -> Option<(Kind, usize)> {
    let splits = word.iter().enumerate().filter(|&(_, &byte)| ENDS[usize::from(byte)] & SPLITS != 0);
    for (len, _) in splits {
        // `len` is an index into `word`, so the slice exists.
        match keywords::lookup(&word[..len]) {
            None | Some(Kind::Bareword) => {}
            Some(kind) => return Some((kind, len)),
        }
    }
    None
}
