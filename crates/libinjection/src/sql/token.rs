//! SQL tokens: what the tokenizer hands to folding.
//!
//! `@@'x` becomes a token of kind [`Kind::Variable`] with the text `x`, two sigils, an opening quote and no closing one.
//! The tokenizer creates tokens, folding merges and retypes them, the verdict reads the survivors.
//! A token does not know where in the input it stood: no decision asks for it.
//! Limit: a text keeps at most [`MAX_TEXT`] bytes, as in the C library, where comparisons see only those.

/// The longest text a token keeps; longer source text is cut, never refused.
pub const MAX_TEXT: usize = 31;

/// What a token is; [`Kind::letter`] gives the letter it has in a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Filler of unused places in a token array; the tokenizer never returns it.
    Nothing,
    /// A word of the language without a more telling kind (`WHERE`).
    Keyword,
    /// `UNION` and its phrases.
    Union,
    /// `GROUP BY`, `ORDER BY`, `LIMIT`, …
    Group,
    /// A word that starts a statement (`SELECT`).
    Expression,
    /// A type name (`VARCHAR`), or a character set in front of a string.
    SqlType,
    /// The name of a known function.
    Function,
    /// Any other word.
    Bareword,
    /// A number, in any notation of any dialect.
    Number,
    /// `@x`, `@@x` or a word that acts as a variable.
    Variable,
    /// A quoted string.
    String,
    /// An operator.
    Operator,
    /// `AND`, `OR`, `&&`, …
    Logic,
    /// A comment.
    Comment,
    /// `COLLATE`.
    Collate,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `.`
    Dot,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `;`
    Semicolon,
    /// A word that starts a Transact-SQL statement.
    Tsql,
    /// A byte that is part of no dialect.
    Unknown,
    /// Syntax on which dialects disagree: it decides the verdict alone.
    Evil,
    /// `\`
    Backslash,
}

/// Letter of each kind, in the order of the enum.
const LETTERS: [u8; 27] = *b"\0kUBEtfn1vso&cA(){}.,:;T?X\\";

impl Kind {
    /// The letter of this kind in fingerprints.
    #[must_use]
    pub const fn letter(self) -> u8 {
        LETTERS[self as usize]
    }

    /// The kind written as `letter` in the keyword table, if there is one.
    pub(super) const fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'k' => Self::Keyword,
            b'U' => Self::Union,
            b'B' => Self::Group,
            b'E' => Self::Expression,
            b't' => Self::SqlType,
            b'f' => Self::Function,
            b'n' => Self::Bareword,
            b'1' => Self::Number,
            b'v' => Self::Variable,
            b's' => Self::String,
            b'o' => Self::Operator,
            b'&' => Self::Logic,
            b'c' => Self::Comment,
            b'A' => Self::Collate,
            b'(' => Self::OpenParen,
            b')' => Self::CloseParen,
            b'{' => Self::OpenBrace,
            b'}' => Self::CloseBrace,
            b'.' => Self::Dot,
            b',' => Self::Comma,
            b':' => Self::Colon,
            b';' => Self::Semicolon,
            b'T' => Self::Tsql,
            b'?' => Self::Unknown,
            b'X' => Self::Evil,
            b'\\' => Self::Backslash,
            _ => return None,
        })
    }
}

/// The bytes of a token: a piece of the input, or words joined to a phrase while folding.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'a> {
    Piece(&'a [u8]),
    Joined { bytes: [u8; MAX_TEXT], len: u8 },
}

/// One SQL token.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// The opening delimiter of a string-like token, if the input had one: the quote itself,
    /// `u` for `U&'…'`, `q` for Oracle's `q'[…]'`, `$` for dollar quoting.
    pub open: Option<u8>,
    /// The closing delimiter, in the same letters.
    pub close: Option<u8>,
    /// How many `@` stood before a variable.
    pub sigils: u8,
    pub(super) text: Text<'a>,
}

impl<'a> Token<'a> {
    pub(super) const EMPTY: Self = Self::new(Kind::Nothing, &[]);

    /// A token without delimiters; the text is cut to [`MAX_TEXT`].
    pub(super) const fn new(kind: Kind, text: &'a [u8]) -> Self {
        let kept = match text.split_at_checked(MAX_TEXT) {
            Some((kept, _)) => kept,
            None => text,
        };
        Self { kind, open: None, close: None, sigils: 0, text: Text::Piece(kept) }
    }

    /// The text without delimiters, at most [`MAX_TEXT`] bytes, in the case of the input.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        match &self.text {
            Text::Piece(piece) => piece,
            Text::Joined { bytes, len } => bytes.get(..usize::from(*len)).unwrap_or_default(),
        }
    }

    /// The first byte of the text; 0 when it is empty, as the C string would read.
    pub(super) fn first(&self) -> u8 {
        self.text().first().copied().unwrap_or(0)
    }

    /// Whether the text is `word` in any mixture of ASCII case.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.text().eq_ignore_ascii_case(word.as_bytes())
    }

    /// An operator that may stand before an operand (`-`, `!`, `NOT`, …).
    pub(super) fn is_unary(&self) -> bool {
        self.kind == Kind::Operator
            && match self.text() {
                [single] => matches!(single, b'+' | b'-' | b'!' | b'~'),
                [b'!', b'!'] => true,
                word => word.eq_ignore_ascii_case(b"NOT"),
            }
    }

    /// `*`, `/`, `-`, `+` or `%`.
    pub(super) fn is_arithmetic(&self) -> bool {
        self.kind == Kind::Operator && matches!(self.text(), [b'*' | b'/' | b'-' | b'+' | b'%'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_kinds_agree() {
        for letter in 0..=255 {
            if let Some(kind) = Kind::from_letter(letter) {
                assert_eq!(kind.letter(), letter);
            }
        }
        let known = (1..=255).filter(|&letter| Kind::from_letter(letter).is_some()).count();
        assert_eq!(known, LETTERS.len() - 1);
    }

    #[test]
    fn a_long_text_is_cut() {
        let token = Token::new(Kind::Bareword, &[b'a'; 40]);
        assert_eq!(token.text().len(), MAX_TEXT);
    }
}
