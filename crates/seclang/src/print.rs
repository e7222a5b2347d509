//! Configuration text in a uniform layout, with the same meaning and every comment kept.
//!
//! `⇥SecRule ARGS   "@rx x"  \⏎ "id:1, \⏎pass"` → `    SecRule ARGS "@rx x" \⏎        "id:1,\⏎        pass"`. The `fmt` command calls
//! [`format_file`] for each file.
//!
//! It settles blanks, not taste: one blank between words, four columns for a tab, at least four columns per section around a
//! line, four more for what is continued, one empty line at most, no blanks and no carriage return at line ends, a line
//! end at the end. Where the author broke a line it stays broken, how words are quoted stays, and so does text inside
//! values: blanks at the start of a continued line belong to a message. Deeper indentation than needed stays too, so
//! chained rules may stand under their starter. Printing twice changes nothing.
//!
//! Each directive is parsed again after printing; if it does not say the same, its lines are left as they were.

use std::ops::Range;

use crate::actions::parse_actions;
use crate::ast::{Directive, Word};
use crate::compare::{Grammar, grammar, same, same_directive};
use crate::diagnostic::{Diagnostic, Severity};
use crate::lines::{Lines, LogicalLine, is_blank};
use crate::parse;
use crate::source::{FileId, Sources, Span};
use crate::targets::parse_targets;

/// Columns per level.
const INDENT: usize = 4;

/// Formats one file of `sources`.
///
/// # Errors
/// The errors in the file: a broken file is not touched.
pub fn format_file(sources: &Sources, id: FileId) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let items = parse::parse_file(sources, id, &mut diagnostics);
    if diagnostics.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(diagnostics);
    }
    let text = &sources.file(id).text;
    let mut printer = Printer { text, file: id, out: Vec::with_capacity(text.len()), depth: 0, blank: false };
    let mut lines = Lines::new(text);
    let mut line = LogicalLine::default();
    while lines.read(&mut line) {
        printer.line(&line);
    }
    let out = printer.out;
    if same(&items, &reparsed(&out)) {
        return Ok(out);
    }
    let start = Span { file: id, start: 0, end: 0 };
    let message = "formatting would change the meaning of this file";
    Err(vec![
        Diagnostic::error("format-failed", start, message)
            .with_help("this is a defect of the formatter; please report it"),
    ])
}

fn reparsed(text: &[u8]) -> Vec<crate::Item> {
    let mut sources = Sources::default();
    let id = sources.add("formatted".into(), text.to_vec());
    parse::parse_file(&sources, id, &mut Vec::new())
}

struct Printer<'a> {
    text: &'a [u8],
    file: FileId,
    out: Vec<u8>,
    /// Open sections.
    depth: usize,
    /// An empty line is due before the next text.
    blank: bool,
}

impl Printer<'_> {
    fn line(&mut self, line: &LogicalLine) {
        let trimmed = line.trimmed();
        if trimmed.is_empty() {
            self.blank = !self.out.is_empty();
            return;
        }
        if std::mem::take(&mut self.blank) {
            self.out.push(b'\n');
        }
        let closes = trimmed.starts_with(b"</");
        self.depth = self.depth.saturating_sub(usize::from(closes));
        let indent = self.indent(line);
        match trimmed {
            [b'#', ..] => self.verbatim(line, indent),
            [b'<', ..] => self.tag(line, indent, closes),
            _ => self.directive(line, indent),
        }
    }

    /// The author's indentation, but at least what the open sections ask for.
    fn indent(&self, line: &LogicalLine) -> usize {
        let start = line.source(line.content.start..line.content.start + 1).start as usize;
        let before = &self.text[..start];
        let blanks = before.iter().rev().take_while(|b| is_blank(**b) && **b != b'\n');
        let columns: usize =
            blanks.map(|b| usize::from(*b == b' ') + INDENT * usize::from(*b == b'\t')).sum();
        columns.max(self.depth * INDENT)
    }

    /// The line as written, only its first line moved and trailing blanks dropped.
    fn verbatim(&mut self, line: &LogicalLine, indent: usize) {
        let start = line.source(line.content.start..line.content.start + 1).start as usize;
        self.spaces(indent);
        for part in self.text[start..line.raw.end as usize].split(|b| *b == b'\n') {
            let kept = part.iter().rposition(|b| !is_blank(*b)).map_or(0, |i| i + 1);
            self.out.extend_from_slice(&part[..kept]);
            self.out.push(b'\n');
        }
        // A `\` that did not continue the line (a blank or the end of the file was behind it) would now. It may stand on
        // an earlier physical line: after `\\` at a line end one `\` is left of the text joined so far.
        if line.trimmed().ends_with(b"\\") {
            self.out.pop();
            self.out.extend_from_slice(b" \n");
        }
    }

    fn spaces(&mut self, count: usize) {
        self.out.resize(self.out.len() + count, b' ');
    }

    fn tag(&mut self, line: &LogicalLine, indent: usize, closes: bool) {
        if closes {
            self.verbatim(line, indent);
            return;
        }
        self.depth += 1;
        let mut notes = Vec::new();
        let opening = parse::opening(line, self.file, &mut notes);
        let raw = &self.text[line.raw.start as usize..line.raw.end as usize];
        if !notes.is_empty() || raw.contains(&b'\n') || raw.contains(&b'\\') {
            self.verbatim(line, indent);
            return;
        }
        self.spaces(indent);
        self.out.push(b'<');
        self.out.extend_from_slice(opening.name.value.as_bytes());
        for word in &opening.args {
            self.out.push(b' ');
            self.out.extend_from_slice(&self.text[word.span.start as usize..word.span.end as usize]);
        }
        self.out.extend_from_slice(b">\n");
    }

    fn directive(&mut self, line: &LogicalLine, indent: usize) {
        let Some(directive) = parse::directive(line, self.file, &mut Vec::new()) else { return };
        let printed = self.laid_out(&directive, indent);
        let unchanged = match reparsed(&printed).as_slice() {
            [crate::Item::Directive(again)] => same_directive(&directive, again),
            _ => false,
        };
        if unchanged {
            self.out.extend_from_slice(&printed);
        } else {
            self.verbatim(line, indent);
        }
    }

    fn laid_out(&self, directive: &Directive, indent: usize) -> Vec<u8> {
        let mut out = vec![b' '; indent];
        out.extend(self.source(directive.name.span));
        let mut end = directive.name.span.end;
        for (index, word) in directive.args.iter().enumerate() {
            let gap = &self.text[end as usize..(word.span.start as usize).max(end as usize)];
            if gap.contains(&b'\n') {
                out.extend_from_slice(b" \\\n");
                out.resize(out.len() + indent + INDENT, b' ');
            } else {
                out.push(b' ');
            }
            let elements = self.elements(grammar(&directive.name.value, index), word);
            self.word(word, elements.as_deref(), indent + INDENT, &mut out);
            end = word.span.end;
        }
        if out.ends_with(b"\\") {
            out.push(b' ');
        }
        out.push(b'\n');
        out
    }

    /// The source of a span with plain line ends.
    fn source(&self, span: Span) -> Vec<u8> {
        let raw = &self.text[span.start as usize..span.end as usize];
        let mut out = Vec::with_capacity(raw.len());
        for (number, physical) in raw.split(|b| *b == b'\n').enumerate() {
            if number > 0 {
                if out.last() == Some(&b'\r') {
                    out.pop();
                }
                out.push(b'\n');
            }
            out.extend_from_slice(physical);
        }
        out
    }

    /// The places of the elements of a list that may be broken anew: a quoted word without variables.
    fn elements(&self, grammar: Grammar, word: &Word) -> Option<Vec<Range<usize>>> {
        let raw = &self.text[word.span.start as usize..word.span.end as usize];
        let quoted = raw.first().is_some_and(|b| matches!(b, b'"' | b'\''));
        if !quoted || !raw.contains(&b'\n') || word.text.windows(2).any(|pair| pair == b"${") {
            return None;
        }
        let range = |span: Span| span.start as usize..span.end as usize;
        match grammar {
            Grammar::Text => None,
            Grammar::Actions => {
                Some(parse_actions(word).ok()?.iter().map(|action| range(action.span)).collect())
            }
            Grammar::Targets => {
                Some(parse_targets(word).ok()?.iter().map(|target| range(target.span)).collect())
            }
        }
    }

    /// A word; breaks between `elements` get `indent`.
    fn word(&self, word: &Word, elements: Option<&[Range<usize>]>, indent: usize, out: &mut Vec<u8>) {
        let Some(elements) = elements else {
            out.extend(self.source(word.span));
            return;
        };
        let mut elements = elements.iter().peekable();
        let mut at = word.span.start as usize;
        let end = word.span.end as usize;
        while let Some(line_end) = memchr::memchr(b'\n', &self.text[at..end]).map(|n| at + n) {
            let physical = &self.text[at..line_end];
            let physical = physical.strip_suffix(b"\r").unwrap_or(physical);
            let Some(piece) = physical.strip_suffix(b"\\") else { break };
            while elements.next_if(|element| element.end <= at + piece.len()).is_some() {}
            let inside = elements.peek().is_some_and(|element| element.start < at + piece.len());
            let kept = piece.iter().rposition(|b| !is_blank(*b)).map_or(0, |i| i + 1);
            out.extend_from_slice(if inside { piece } else { &piece[..kept] });
            out.extend_from_slice(b"\\\n");
            at = line_end + 1;
            if !inside {
                at += self.text[at..end].iter().take_while(|b| is_blank(**b) && **b != b'\n').count();
                out.resize(out.len() + indent, b' ');
            }
        }
        out.extend(self.source(Span { start: at as u32, ..word.span }));
    }
}
