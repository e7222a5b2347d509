//! The one drawing of diagnostics, for the command line and the console alike.
//!
//! ```text
//! error[unknown-directive]: unknown directive `SecRul`
//!  --> rules/local.conf:3:1
//!   |
//! 3 | SecRul ARGS "@rx x" "id:1"
//!   | ^^^^^^ did you mean `SecRule`?
//!   |
//!   = help: …
//! ```
//!
//! Findings come in the order of files and positions, those without a place first. Long lines (patterns reach 12 KB) are cut
//! to [`WINDOW`] columns around the caret; of a span over many lines the first and the last are shown. What the
//! file holds cannot reach the terminal as a control sequence: [`crate::glyphs`].

use std::fmt::Write as _;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Severity};
use crate::glyphs::{Glyphs, safe};
use crate::source::{SourceFile, Sources, Span};

/// How many columns of a source line are shown.
pub const WINDOW: usize = 100;

/// How findings are drawn.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
}

/// Draws all findings, an empty line between two; the text ends with a line end unless it is empty.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|finding| finding.span.map(|span| (span.file, span.start, span.end)));
    let mut out = String::new();
    for finding in sorted {
        if !out.is_empty() {
            out.push('\n');
        }
        Drawing { out: &mut out, sources, style, gutter: gutter(finding, sources) }.finding(finding);
    }
    out
}

/// Columns that the line numbers of a finding take.
fn gutter(finding: &Diagnostic, sources: &Sources) -> usize {
    let related = finding.related.iter().map(|(span, _)| *span);
    let last = finding.span.into_iter().chain(related).map(|span| {
        let place = Place::new(sources, span);
        place.last.0
    });
    last.max().map_or(1, |line| line.to_string().len())
}

/// A span in lines and columns; `last` is the last byte of the span.
struct Place<'a> {
    file: &'a SourceFile,
    first: (u32, u32),
    last: (u32, u32),
}

impl<'a> Place<'a> {
    fn new(sources: &'a Sources, span: Span) -> Self {
        let file = sources.file(span.file);
        let length = file.text.len() as u32;
        let start = span.start.min(length);
        let end = span.end.clamp(start, length);
        let last = if end > start { end - 1 } else { start };
        Place { file, first: file.position(start), last: file.position(last) }
    }
}

#[derive(Clone, Copy)]
enum Mark {
    Primary,
    Related,
}

struct Drawing<'a> {
    out: &'a mut String,
    sources: &'a Sources,
    style: Style,
    gutter: usize,
}

impl Drawing<'_> {
    fn finding(&mut self, finding: &Diagnostic) {
        let (word, color) = match finding.severity {
            Severity::Error => ("error", "\x1b[1;31m"),
            Severity::Warning => ("warning", "\x1b[1;33m"),
            Severity::Notice => ("notice", "\x1b[1;36m"),
        };
        let head = self.paint(color, &format!("{word}[{}]", finding.code));
        let message = self.paint("\x1b[1m", &format!(": {}", safe(&finding.message)));
        self.push(&format!("{head}{message}\n"));
        if let Some(span) = finding.span {
            self.snippet(span, finding.label.as_deref(), Mark::Primary, color);
        }
        for (span, text) in &finding.related {
            self.snippet(*span, Some(text), Mark::Related, BLUE);
        }
        if let Some(help) = &finding.help {
            if finding.span.is_some() || !finding.related.is_empty() {
                self.bar("", "");
            }
            let sign = self.paint(BLUE, "=");
            let margin = " ".repeat(self.gutter);
            let label = self.paint("\x1b[1m", "help");
            self.push(&format!("{margin} {sign} {label}: {}\n", safe(help)));
        }
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.style.color && !text.is_empty() { format!("{color}{text}\x1b[0m") } else { text.to_string() }
    }

    /// A line of the drawing: number or nothing, bar, content.
    fn bar(&mut self, number: &str, content: &str) {
        let margin = self.paint(BLUE, &format!("{number:>width$} |", width = self.gutter));
        let blank = if content.is_empty() { "" } else { " " };
        let _ = writeln!(self.out, "{margin}{blank}{content}");
    }

    fn snippet(&mut self, span: Span, label: Option<&str>, mark: Mark, color: &str) {
        let sources = self.sources;
        let place = Place::new(sources, span);
        let arrow = match mark {
            Mark::Primary => "-->",
            Mark::Related => ":::",
        };
        let margin = " ".repeat(self.gutter);
        let arrow = self.paint(BLUE, arrow);
        let path = safe(&place.file.path.to_string_lossy());
        self.push(&format!("{margin}{arrow} {path}:{}:{}\n", place.first.0, place.first.1));
        self.bar("", "");
        let label = label.map(|text| format!(" {}", safe(text))).unwrap_or_default();
        if place.first.0 == place.last.0 {
            let end = if span.end > span.start { place.last.1 as usize } else { place.first.1 as usize };
            self.marked(&place, place.first.0, place.first.1 as usize - 1..end, &label, mark, color);
            return;
        }
        let first_end = place.file.line(place.first.0).len();
        self.marked(&place, place.first.0, place.first.1 as usize - 1..first_end, "", mark, color);
        if place.last.0 > place.first.0 + 1 {
            self.push("...\n");
        }
        let line = place.file.line(place.last.0);
        let indent = line.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
        let end = place.last.1 as usize;
        self.marked(&place, place.last.0, indent.min(end - 1)..end, &label, mark, color);
    }

    /// A source line and carets under the bytes `range` of it.
    fn marked(
        &mut self,
        place: &Place<'_>,
        number: u32,
        range: Range<usize>,
        label: &str,
        mark: Mark,
        color: &str,
    ) {
        let (from, text, marked) = window(place.file.line(number), range);
        self.bar(&number.to_string(), text.trim_end());
        let sign = match mark {
            Mark::Primary => "^",
            Mark::Related => "-",
        };
        let carets = sign.repeat(marked.len());
        let marks = self.paint(color, &format!("{carets}{label}"));
        let blanks = " ".repeat(marked.start - from);
        self.bar("", &format!("{blanks}{marks}"));
    }
}

const BLUE: &str = "\x1b[1;34m";

/// Bytes before and behind a caret that are looked at: enough to fill the window whatever they are, and a bound on
/// the work per finding however long the line is.
const REACH: usize = 4 * WINDOW;

/// The part of a line to show: the column that its first cell stands for, its text with `…` where it was cut, and the
/// columns under which the bytes `range` stand.
fn window(line: &[u8], range: Range<usize>) -> (usize, String, Range<usize>) {
    let mut first = range.start.saturating_sub(REACH).min(line.len());
    if first > 0 {
        // Not in the middle of a character.
        first += line[first..].iter().take(3).take_while(|b| **b & 0xc0 == 0x80).count();
    }
    let last = (range.start + REACH).min(line.len());
    let near = Glyphs::new(&line[first..last]);
    let start = near.column(range.start.saturating_sub(first));
    let end = near.column_end(range.end.saturating_sub(first)).max(start + 1);
    let width = near.width();
    let from = if width <= WINDOW || (first == 0 && end <= WINDOW - 4) {
        0
    } else {
        start.saturating_sub(WINDOW / 4).min(width - WINDOW)
    };
    let to = (from + WINDOW).min(width);
    let (shown, text) = near.cut(from, to);
    let cut_front = from > 0 || first > 0;
    let front = if cut_front { "…" } else { "" };
    let back = if to < width || last < line.len() { "…" } else { "" };
    // The front mark takes a cell, so all columns move by one.
    let shift = usize::from(cut_front);
    let marked = start + shift..end.min(to.max(start + 1)) + shift;
    (shown, format!("{front}{text}{back}"), marked)
}
