//! The SQL tokenizer: `1 or @x` → number `1`, logic `or`, variable `x`.
//!
//! A [`Context`] says how the input might be embedded: after an open quote, and in which dialect comments are read.
//! The byte at the cursor chooses a scanner (`words`, `numbers`, `strings`, `comments`, `operators`); each returns a token and
//! moves the cursor past at least one byte, so a run over the input is linear. Folding is the main reader and stops early.
//! The tokenizer is not a parser for any dialect: it accepts every input and prefers what some database would accept.

use super::bytes::{CLASS, Class};
use super::token::{Kind, Token};

/// The quote that the application is assumed to have opened before the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// The input stands in no quotes (a number, a column name).
    None,
    /// The input begins inside `'…`.
    Single,
    /// The input begins inside `"…`.
    Double,
}

/// How comments are read: in MySQL `#` begins one, and `--` only before white space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `--` always begins a comment, `#` is an operator.
    Ansi,
    /// `#` begins a comment; `--` does only before white space or the end.
    MySql,
}

/// One assumption about the place of the input in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The quote already open.
    pub quote: Quote,
    /// The dialect of comments.
    pub dialect: Dialect,
}

impl Context {
    /// No open quote, ANSI comments: the input as it is.
    pub const PLAIN: Self = Self { quote: Quote::None, dialect: Dialect::Ansi };
}

/// Iterator over the tokens of an input in one [`Context`].
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    pub(super) input: &'a [u8],
    pub(super) at: usize,
    pub(super) context: Context,
    /// Tokens returned so far.
    pub(super) count: usize,
    /// A comment mark was met that the other dialect reads differently.
    pub(super) dialects_differ: bool,
}

/// Tokens of `input`, read as `context` says. Takes time linear in the input when run to the end.
#[must_use]
pub fn tokens(input: &[u8], context: Context) -> Tokens<'_> {
    Tokens { input, at: 0, context, count: 0, dialects_differ: false }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if self.at == 0 && self.context.quote != Quote::None && !self.input.is_empty() {
            self.count += 1;
            let delimiter = if self.context.quote == Quote::Single { b'\'' } else { b'"' };
            return Some(self.quoted(0, delimiter, None));
        }
        loop {
            let byte = self.peek(0)?;
            let class = CLASS[usize::from(byte)];
            if class == Class::White {
                self.at += 1;
                continue;
            }
            self.count += 1;
            return Some(self.scan(class, byte));
        }
    }
}

impl<'a> Tokens<'a> {
    fn scan(&mut self, class: Class, byte: u8) -> Token<'a> {
        match class {
            Class::Word => self.word(),
            Class::Number => self.number(byte),
            Class::Quote => self.quoted(1, byte, Some(byte)),
            Class::Tick => self.back_quoted(),
            Class::OperatorPair => self.operator_pair(byte),
            Class::Punctuation => self.punctuation(byte),
            Class::Dash => self.dash(),
            Class::Slash => self.slash(),
            Class::Hash => self.hash(),
            Class::Money => self.money(),
            Class::Variable => self.variable(),
            Class::Bracket => self.bracketed(),
            Class::Backslash => self.backslash(),
            Class::Unknown => self.take(Kind::Unknown, 1),
            Class::BinaryOrWord => self.quoted_digits(|byte| matches!(byte, b'0' | b'1' | 0)),
            Class::HexOrWord => self.quoted_digits(|byte| byte.is_ascii_hexdigit() || byte == 0),
            Class::EscapedOrWord => self.escaped(),
            Class::NationalOrWord => self.national(),
            Class::OracleOrWord => self.oracle(0),
            Class::UnicodeOrWord => self.unicode(),
            // White space is skipped before a scanner is chosen; what is left are the one-byte operators.
            Class::Operator | Class::White => self.take(Kind::Operator, 1),
        }
    }

    /// The byte `ahead` of the cursor.
    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.input.get(self.at + ahead).copied()
    }

    /// The input from `ahead` of the cursor on; empty past the end.
    pub(super) fn rest(&self, ahead: usize) -> &'a [u8] {
        self.input.get(self.at + ahead..).unwrap_or_default()
    }

    /// A token of the next `len` bytes; moves past them.
    pub(super) fn take(&mut self, kind: Kind, len: usize) -> Token<'a> {
        let rest = self.rest(0);
        let text = rest.get(..len).unwrap_or(rest);
        self.at += text.len();
        Token::new(kind, text)
    }
}
