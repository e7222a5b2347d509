//! Words of a logical line, as httpd's `ap_getword_conf` splits and unquotes them.
//!
//! `SecRule ARGS "a \"b\""` → `SecRule`, `ARGS`, `a "b"`, each with its place and the map of its bytes into the file.
//! [`crate::parse`] calls it for directives and section tags.
//!
//! A word starting with `"` or `'` ends at the same quote; inside, `\` before that quote or before `\` vanishes and every
//! other `\` stays. Any other word ends at a blank; quotes inside mean nothing and `\\` becomes `\`. A missing end quote
//! takes the rest of the line and text right behind an end quote begins the next word; httpd does both silently, we
//! warn, because nearly always a quote in a pattern was not escaped.

use std::ops::Range;

use crate::ast::Word;
use crate::diagnostic::Diagnostic;
use crate::lines::{LogicalLine, is_blank};
use crate::origin;
use crate::source::{FileId, Span};

/// Splits `range` of a line's text; the first thing that looks like a slip is added to
/// `diagnostics` (what follows a misplaced quote is out of step anyway).
pub(crate) fn split(
    line: &LogicalLine,
    range: Range<usize>,
    file: FileId,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Word> {
    let mut splitter = Splitter { line, at: range.start, end: range.end, file };
    let mut words = Vec::new();
    let mut first = None;
    while let Some((word, fault)) = splitter.next() {
        first = first.or(fault);
        words.push(word);
    }
    diagnostics.extend(first);
    words
}

struct Splitter<'a> {
    line: &'a LogicalLine,
    at: usize,
    end: usize,
    file: FileId,
}

impl Splitter<'_> {
    fn next(&mut self) -> Option<(Word, Option<Diagnostic>)> {
        self.skip_blanks();
        match self.peek()? {
            quote @ (b'"' | b'\'') => Some(self.quoted(quote)),
            // Only a block brings line ends into a line.
            b'`' if self.line.text[self.at..self.end].contains(&b'\n') => Some((self.block(), None)),
            _ => Some((self.bare(), None)),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        if at < self.end { self.line.text.get(at).copied() } else { None }
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
    }

    fn bare(&mut self) -> Word {
        let start = self.at;
        while self.peek().is_some_and(|b| !is_blank(b)) {
            self.at += 1;
        }
        self.decode(start..self.at, start..self.at, None)
    }

    fn quoted(&mut self, quote: u8) -> (Word, Option<Diagnostic>) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            if byte == quote {
                break;
            }
            let escapes = byte == b'\\' && self.byte(self.at + 1).is_some_and(|b| b == quote || b == b'\\');
            self.at += if escapes { 2 } else { 1 };
        }
        let inside = start + 1..self.at;
        let closed = self.peek() == Some(quote);
        if closed {
            self.at += 1;
        }
        let fault = if !closed {
            Some(self.unclosed(start, quote))
        } else if self.peek().is_some_and(|b| !is_blank(b)) {
            Some(self.glued(quote))
        } else {
            None
        };
        (self.decode(inside, start..self.at, Some(quote)), fault)
    }

    /// The lines between two backticks, each without blanks at its ends.
    fn block(&mut self) -> Word {
        let whole = self.at..self.end;
        self.at = self.end;
        let mut word = Word { text: Vec::new(), span: self.span(whole.clone()), origin: Vec::new() };
        let mut start = whole.start + 1;
        let end = whole.end - 1;
        while start < end {
            let rest = &self.line.text[start..end];
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = &rest[..length];
            let before = line.iter().take_while(|byte| is_blank(**byte)).count();
            let kept = line.trim_ascii().len();
            if !word.text.is_empty() {
                word.text.push(b'\n');
            }
            self.copy(&mut word, start + before..start + before + kept);
            start += length + 1;
        }
        word
    }

    /// Takes `\\` and the escaped quote apart; `range` is what stands between the quotes, `whole` includes them.
    fn decode(&self, range: Range<usize>, whole: Range<usize>, quote: Option<u8>) -> Word {
        let text = &self.line.text;
        let mut word =
            Word { text: Vec::with_capacity(range.len()), span: self.span(whole), origin: Vec::new() };
        let first = origin::lookup(&self.line.runs, range.start).unwrap_or(word.span.start);
        origin::push(&mut word.origin, 0, first);
        let mut copied = range.start;
        let mut at = range.start;
        while at < range.end {
            let escapes = text[at] == b'\\'
                && at + 1 < range.end
                && (text[at + 1] == b'\\' || Some(text[at + 1]) == quote);
            if escapes {
                self.copy(&mut word, copied..at);
                copied = at + 1;
                at += 1;
            }
            at += 1;
        }
        self.copy(&mut word, copied..range.end);
        word
    }

    fn copy(&self, word: &mut Word, range: Range<usize>) {
        origin::copy(&mut word.origin, word.text.len(), &self.line.runs, range.clone());
        word.text.extend_from_slice(&self.line.text[range]);
    }

    fn span(&self, range: Range<usize>) -> Span {
        let source = self.line.source(range);
        Span { file: self.file, start: source.start, end: source.end }
    }

    fn unclosed(&self, start: usize, quote: u8) -> Diagnostic {
        Diagnostic::warning(
            "unclosed-quote",
            self.span(start..start + 1),
            format!("the quote `{}` is never closed", quote as char),
        )
        .with_label("takes the rest of the line")
        .with_help("close the quote, or end the line with `\\` if the text goes on in the next one")
    }

    fn glued(&self, quote: u8) -> Diagnostic {
        let quote = quote as char;
        Diagnostic::warning(
            "text-after-quote",
            self.span(self.at - 1..self.at + 1),
            format!("text right behind the closing quote `{quote}` begins a new word"),
        )
        .with_label("the quoted word ends here")
        .with_help(format!("write `\\{quote}` for a quote inside the word, or put a blank between two words"))
    }
}
