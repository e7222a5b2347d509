//! Operators and punctuation.
//!
//! `<=>`, `||`, `:=` → operator or logic; `(` → open parenthesis; `\N` → number, MySQL's alias of NULL.
//! Called by the tokenizer for the bytes of its operator classes. Pairs come from the keyword table.

use libinjectionrs::sqli::sqli_data::SQL_KEYWORDS;

use super::token::{Kind, Token};
use super::tokenizer::Tokens;

/// Kind of each pair of ASCII bytes that the keyword table lists; [`Kind::Nothing`] for the others.
static PAIRS: [[Kind; 128]; 128] = {
    let mut pairs = [[Kind::Nothing; 128]; 128];
    let mut next = 0;
    while next < SQL_KEYWORDS.len() {
        if let [first, second] = SQL_KEYWORDS[next].word.as_bytes()
            && first.is_ascii_punctuation()
            && let Some(kind) = Kind::from_letter(SQL_KEYWORDS[next].token_type)
        {
            pairs[*first as usize][*second as usize] = kind;
        }
        next += 1;
    }
    pairs
};

impl<'a> Tokens<'a> {
    /// A byte that may be the first of a longer operator. At the very end even `:` is an operator.
    pub(super) fn operator_pair(&mut self, first: u8) -> Token<'a> {
        let Some(second) = self.peek(1) else {
            return self.take(Kind::Operator, 1);
        };
        if (first, second, self.peek(2)) == (b'<', b'=', Some(b'>')) {
            return self.take(Kind::Operator, 3);
        }
        let pair = PAIRS.get(usize::from(first)).and_then(|row| row.get(usize::from(second)));
        match pair {
            Some(&kind) if kind != Kind::Nothing => self.take(kind, 2),
            _ if first == b':' => self.take(Kind::Colon, 1),
            _ => self.take(Kind::Operator, 1),
        }
    }

    pub(super) fn punctuation(&mut self, byte: u8) -> Token<'a> {
        let kind = match byte {
            b'(' => Kind::OpenParen,
            b')' => Kind::CloseParen,
            b'{' => Kind::OpenBrace,
            b'}' => Kind::CloseBrace,
            b',' => Kind::Comma,
            _ => Kind::Semicolon,
        };
        self.take(kind, 1)
    }

    pub(super) fn backslash(&mut self) -> Token<'a> {
        match self.peek(1) {
            Some(b'N') => self.take(Kind::Number, 2),
            _ => self.take(Kind::Backslash, 1),
        }
    }
}
