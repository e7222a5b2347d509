//! The AST: what was written, with the place of every part.

use crate::origin;
use crate::source::Span;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written, decoded.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// One word of a directive after httpd's unquoting (`"a \"b\""` is `a "b"`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The decoded bytes.
    pub text: Vec<u8>,
    /// The source range, quotes included.
    pub span: Span,
    /// Runs of the mapping from decoded offset to source offset, ascending, first entry `(0, …)`: from `.0` on, decoded
    /// byte `i` came from source byte `.1 + (i - .0)`.
    pub origin: Vec<(u32, u32)>,
}

impl Word {
    /// The source span of the decoded range `start..end`.
    pub fn span_of(&self, start: usize, end: usize) -> Span {
        let source = origin::range(&self.origin, start..end).unwrap_or(self.span.start..self.span.start);
        Span { file: self.span.file, start: source.start, end: source.end }
    }

    /// The text for messages (invalid UTF-8 replaced).
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }
}

/// A directive line: name and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The name as written; compare case-insensitively.
    pub name: Spanned<String>,
    /// The words behind it.
    pub args: Vec<Word>,
    /// The whole logical line.
    pub span: Span,
    /// The **last** physical line (from 1) of a continued directive: what ModSecurity puts into `[line "…"]`.
    pub line: u32,
}

/// A block such as `<LocationMatch RX> … </LocationMatch>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The name as written, without brackets.
    pub name: Spanned<String>,
    /// The words between the name and `>`.
    pub args: Vec<Word>,
    /// What stands inside.
    pub items: Vec<Item>,
    /// From `<` of the opening to `>` of the closing tag.
    pub span: Span,
}

/// What a file consists of, comments and blank lines apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A directive.
    Directive(Directive),
    /// A block.
    Section(Section),
}

/// One element of a rule's first argument: `!ARGS:/^x/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `!`: remove from the targets so far.
    pub exclude: bool,
    /// `&`: the number of members.
    pub count: bool,
    /// The variable's name as written.
    pub name: Spanned<String>,
    /// What stands behind the colon; `None` without a colon.
    pub key: Option<Spanned<Key>>,
    /// The element.
    pub span: Span,
}

/// A target's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key without quotes or slashes.
    pub text: Vec<u8>,
    /// How it selects.
    pub kind: KeyKind,
}

/// How a key selects members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Compared with the member's name.
    Text,
    /// `/…/` with at least one byte between the slashes: a regular expression over member names.
    Regex,
}

/// A rule's second argument: `!@contains x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorExpr {
    /// `!`.
    pub negated: bool,
    /// The name behind `@`; `None` when the text has no `@name` and is a regular expression.
    pub name: Option<Spanned<String>>,
    /// The argument (an empty one has an empty span behind the name).
    pub argument: Spanned<Vec<u8>>,
    /// The whole text.
    pub span: Span,
}

/// One action: `setvar:'tx.a=1'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The name as written.
    pub name: Spanned<String>,
    /// The value without quotes; `None` when there is no colon or nothing behind it, `Some("")` for `''`.
    pub value: Option<Spanned<Vec<u8>>>,
    /// The whole element.
    pub span: Span,
}
