//! The grammar that targets and actions share: `name`, `name:value` or `name:'value'`, separated by `,` or `|`.
//!
//! `id:1,msg:'it\'s'` → `id` with `1`, `msg` with `it's`. [`crate::targets`] and [`crate::actions`] give the elements
//! their meaning.
//!
//! The separators follow the reference's one reader for both, as observed: behind a *value* any run of blanks and
//! separators ends the element (`id:1 phase:2` is fine, `id:1,,pass` too); behind a bare *name* exactly one separator must
//! stand (`pass phase:2` and `pass,,log` are errors). Quotes count only directly behind the colon; text behind the end
//! quote is the next element. In quotes `\'` and `\\` lose their `\`; the reference refuses any other pair, here its
//! `\` stays, which reads a superset.
//!
//! Reading goes on behind an error at the next separator, so that one pass reports them all.

use std::ops::Range;

use crate::ast::Word;
use crate::diagnostic::Diagnostic;
use crate::lines::is_blank;
use crate::source::Span;

/// Findings per word, after which reading stops.
const MAX_FINDINGS: usize = 100;

/// One element, in offsets of the word's text.
pub(crate) struct Element {
    pub(crate) name: Range<usize>,
    /// The decoded value; `None` without a colon or with nothing behind it.
    pub(crate) value: Option<Vec<u8>>,
    /// Where the value stands, without quotes; empty behind the name when there is none.
    pub(crate) value_at: Range<usize>,
    pub(crate) whole: Range<usize>,
}

/// Reads a whole word. `what` names an element in messages: "action".
pub(crate) fn read(word: &Word, what: &'static str) -> Result<Vec<Element>, Vec<Diagnostic>> {
    let mut reader =
        Reader { word, text: &word.text, at: 0, what, elements: Vec::new(), diagnostics: Vec::new() };
    while reader.diagnostics.len() < MAX_FINDINGS && reader.element() {}
    if reader.diagnostics.is_empty() { Ok(reader.elements) } else { Err(reader.diagnostics) }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b',' | b'|')
}

struct Reader<'a> {
    word: &'a Word,
    text: &'a [u8],
    at: usize,
    what: &'static str,
    elements: Vec<Element>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn span(&self, range: Range<usize>) -> Span {
        self.word.span_of(range.start, range.end)
    }

    /// Reads one element; `false` at the end.
    fn element(&mut self) -> bool {
        self.skip(is_blank);
        let start = self.at;
        if start == self.text.len() {
            return false;
        }
        self.skip(|b| b != b':' && !is_separator(b) && !is_blank(b));
        let name = start..self.at;
        if name.is_empty() {
            self.empty_name(start);
            return true;
        }
        if self.peek() == Some(b':') {
            self.at += 1;
            self.value(name);
        } else {
            self.elements.push(Element {
                value: None,
                value_at: name.end..name.end,
                whole: name.clone(),
                name,
            });
            self.end_of_name();
        }
        true
    }

    fn empty_name(&mut self, start: usize) {
        let article = if self.what.starts_with('a') { "an" } else { "a" };
        let message = format!("{article} {} is missing here", self.what);
        let found = if self.peek() == Some(b':') {
            "no name before the `:`"
        } else {
            "nothing before this separator"
        };
        let finding =
            Diagnostic::error("empty-element", self.span(start..start + 1), message).with_label(found);
        self.diagnostics.push(finding);
        if self.peek() == Some(b':') { self.recover() } else { self.at += 1 }
    }

    fn end_of_name(&mut self) {
        let end = self.at;
        self.skip(is_blank);
        match self.peek() {
            None => {}
            Some(byte) if is_separator(byte) => self.at += 1,
            Some(_) => {
                let message = format!("a separator is missing behind this {}", self.what);
                let finding = Diagnostic::error("missing-separator", self.span(end..self.at + 1), message)
                    .with_help("separate by `,` or `|`; a blank alone does not");
                self.diagnostics.push(finding);
            }
        }
    }

    /// Reads what stands behind the colon.
    fn value(&mut self, name: Range<usize>) {
        let start = self.at;
        let (value, value_at) = match self.peek() {
            None => (None, start..start),
            Some(byte) if is_separator(byte) => {
                self.at += 1;
                let whole = name.start..start;
                self.elements.push(Element { name, value: None, value_at: start..start, whole });
                return;
            }
            Some(b'\'') => match self.quoted() {
                Some(value) => (Some(value), start + 1..self.at - 1),
                None => return,
            },
            Some(_) => {
                self.skip(|b| !is_separator(b) && !is_blank(b));
                (Some(self.text[start..self.at].to_vec()), start..self.at)
            }
        };
        let whole = name.start..self.at;
        self.elements.push(Element { name, value, value_at, whole });
        self.skip(|b| is_blank(b) || is_separator(b));
    }

    fn quoted(&mut self) -> Option<Vec<u8>> {
        let open = self.at;
        let mut value = Vec::new();
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\'' => return Some(value),
                b'\\' => {
                    let escaped = self.peek().filter(|b| matches!(b, b'\'' | b'\\'));
                    self.at += usize::from(escaped.is_some());
                    value.push(escaped.unwrap_or(b'\\'));
                }
                _ => value.push(byte),
            }
        }
        let finding =
            Diagnostic::error("unclosed-value", self.span(open..open + 1), "this quote is never closed")
                .with_label("the value begins here")
                .with_help("end the value with `'`; write `\\'` for a quote inside it");
        self.diagnostics.push(finding);
        None
    }

    fn recover(&mut self) {
        self.skip(|b| !is_separator(b));
        self.skip(is_separator);
    }
}
