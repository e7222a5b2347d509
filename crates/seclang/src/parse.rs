//! From a file's bytes to directives and sections.
//!
//! `SecRule ARGS "@rx x" "id:1"` → [`Directive`] `SecRule` with three words; `<Location /a>` … `</Location>` → a
//! [`Section`] holding what stands between. [`crate::include::load`] calls it for each file, then follows includes.
//!
//! Every problem is reported and reading goes on: a stray `</Name>` is ignored, a missing one is supplied where the
//! enclosing section ends. Whether a directive exists, how many words it takes and which sections make sense is not
//! known here. `${VAR}` stays as written; [`crate::include`] expands it, because the values depend on what was read
//! before.
//!
//! Limits: sections nest [`MAX_NESTING`] deep; deeper ones are reported and their content joins the last level. At most
//! [`MAX_FINDINGS`] findings are listed per file.

use crate::ast::{Directive, Item, Section, Spanned, Word};
use crate::diagnostic::{Diagnostic, Severity};
use crate::lines::{Lines, LogicalLine, MAX_LINE, is_blank};
use crate::source::{FileId, Sources, Span};
use crate::words;

/// How deep sections may nest.
pub const MAX_NESTING: usize = 64;

/// How many findings are listed per file.
pub const MAX_FINDINGS: usize = 1000;

/// Parses one file of `sources`; what is wrong with it is added to `diagnostics`.
pub fn parse_file(sources: &Sources, id: FileId, diagnostics: &mut Vec<Diagnostic>) -> Vec<Item> {
    let text = &sources.file(id).text;
    let limit = diagnostics.len() + MAX_FINDINGS;
    let mut parser = Parser { text, file: id, items: Vec::new(), open: Vec::new(), too_deep: 0, diagnostics };
    let mut lines = Lines::new(text);
    let mut line = LogicalLine::default();
    while lines.read(&mut line) {
        parser.line(&line);
        parser.limit(limit);
    }
    parser.finish()
}

/// The name and words of a line that is not a section tag.
pub(crate) fn directive(
    line: &LogicalLine,
    file: FileId,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Directive> {
    let mut words = words::split(line, line.content.clone(), file, diagnostics);
    if words.is_empty() {
        return None;
    }
    let name = words.remove(0);
    Some(Directive {
        name: Spanned { value: name.lossy().into_owned(), span: name.span },
        args: words,
        span: span(line, line.content.clone(), file),
        line: line.last_line,
    })
}

/// An opening tag.
pub(crate) struct Opening {
    pub(crate) name: Spanned<String>,
    pub(crate) args: Vec<Word>,
    pub(crate) span: Span,
}

/// Takes `<Name args>` apart; the line's content begins with `<`.
pub(crate) fn opening(line: &LogicalLine, file: FileId, diagnostics: &mut Vec<Diagnostic>) -> Opening {
    let whole = line.content.clone();
    let text = line.trimmed();
    let bracket = text.iter().rposition(|b| *b == b'>');
    let end = whole.start + bracket.unwrap_or(text.len());
    let name_start = whole.start + 1;
    let name_end =
        line.text[name_start..end].iter().position(|b| is_blank(*b)).map_or(end, |n| name_start + n);
    let tag = span(line, whole.start..(end + 1).min(whole.end), file);
    let name = Spanned {
        value: String::from_utf8_lossy(&line.text[name_start..name_end]).into_owned(),
        span: span(line, name_start..name_end, file),
    };
    if name_start == name_end {
        diagnostics.push(
            Diagnostic::error("missing-section-name", tag, "`<` is not followed by a section name")
                .with_help("no blank may stand between `<` and the name"),
        );
    }
    if bracket.is_none() {
        diagnostics.push(
            Diagnostic::error("missing-bracket", tag, format!("`<{}` has no closing `>`", name.value))
                .with_help("a section begins with `<Name arguments>` on one line"),
        );
    } else if end + 1 < whole.end {
        diagnostics.push(
            Diagnostic::warning(
                "text-after-tag",
                span(line, end + 1..whole.end, file),
                "text behind the section tag is ignored",
            )
            .with_help("put it, or a comment, on a line of its own"),
        );
    }
    Opening { name, args: words::split(line, name_end..end, file, diagnostics), span: tag }
}

/// Sections that httpd reads at once and may leave unclosed at the end of a file.
pub(crate) fn is_conditional(name: &str) -> bool {
    ["IfModule", "IfDefine", "IfVersion"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn span(line: &LogicalLine, range: std::ops::Range<usize>, file: FileId) -> Span {
    let source = line.source(range);
    Span { file, start: source.start, end: source.end }
}

fn looks_like_directive(text: &[u8]) -> bool {
    let word = text.split(|b| is_blank(*b)).next().unwrap_or_default();
    let name = word.first().is_some_and(u8::is_ascii_uppercase) && word.iter().all(u8::is_ascii_alphanumeric);
    word.starts_with(b"<") || (name && word.len() < text.len())
}

struct Open {
    tag: Opening,
    /// What stood before the section on the level above.
    before: Vec<Item>,
}

struct Parser<'a> {
    text: &'a [u8],
    file: FileId,
    /// The items of the innermost open section.
    items: Vec<Item>,
    open: Vec<Open>,
    /// Open sections beyond [`MAX_NESTING`].
    too_deep: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Parser<'_> {
    fn line(&mut self, line: &LogicalLine) {
        let text = line.trimmed();
        let Some(first) = text.first() else { return };
        if line.overlong {
            let at = Span { file: self.file, start: line.raw.start, end: line.raw.start };
            let message = format!("the line is longer than {MAX_LINE} bytes and was not read");
            self.diagnostics.push(Diagnostic::error("line-too-long", at, message));
            return;
        }
        if *first == b'#' {
            self.swallowed(line);
            return;
        }
        self.suspicious(line);
        match text {
            [b'<', b'/', ..] => self.close(line),
            [b'<', ..] => self.open(line),
            _ => {
                let directive = directive(line, self.file, self.diagnostics);
                self.items.extend(directive.map(Item::Directive));
            }
        }
    }

    /// Keeps the list finite. The note that ends it is an error, because one may be among what it leaves out.
    fn limit(&mut self, limit: usize) {
        if self.diagnostics.len() > limit {
            let cut = self.diagnostics[limit].span;
            let message =
                format!("more than {MAX_FINDINGS} findings in this file, the others are not listed");
            self.diagnostics.truncate(limit);
            self.diagnostics.push(Diagnostic::new(Severity::Error, "too-many-findings", cut, message));
        }
    }

    /// Warns when a comment that ends in `\` takes along what looks like a directive of its own. The rest of a rule that
    /// was switched off by one `#` before its first line is fine, and common.
    fn swallowed(&mut self, line: &LogicalLine) {
        let raw = &self.text[line.raw.start as usize..line.raw.end as usize];
        let mut start = line.raw.start;
        for (number, physical) in raw.split(|b| *b == b'\n').enumerate() {
            let end = start + physical.len() as u32;
            let first = physical.iter().position(|b| !is_blank(*b));
            if let Some(first) = first.filter(|i| number > 0 && looks_like_directive(&physical[*i..])) {
                let place = Span { file: self.file, start: start + first as u32, end: end.max(start + 1) };
                self.diagnostics.push(
                    Diagnostic::warning("swallowed-line", place, "this line is part of the comment above")
                        .with_label("not read")
                        .with_help("remove the `\\` at the end of the comment, or begin this line with `#`"),
                );
                return;
            }
            start = end + 1;
        }
    }

    fn suspicious(&mut self, line: &LogicalLine) {
        let text = line.trimmed();
        if let Some(nul) = memchr::memchr(0, text) {
            let at = line.content.start + nul;
            self.diagnostics.push(
                Diagnostic::error("nul-byte", span(line, at..at + 1, self.file), "the line holds a NUL byte")
                    .with_help("httpd drops the rest of such a line; remove the byte"),
            );
        }
        if text.ends_with(b"\\") {
            let at = line.content.end - 1;
            self.diagnostics.push(
                Diagnostic::warning(
                    "dangling-backslash",
                    span(line, at..at + 1, self.file),
                    "this `\\` does not continue the line",
                )
                .with_label("not directly before a line end")
                .with_help("remove the blanks behind it, or the `\\` itself"),
            );
        }
    }

    fn open(&mut self, line: &LogicalLine) {
        let tag = opening(line, self.file, self.diagnostics);
        if self.open.len() == MAX_NESTING {
            if self.too_deep == 0 {
                let message = format!("sections nest deeper than {MAX_NESTING} levels");
                self.diagnostics.push(Diagnostic::error("nesting-too-deep", tag.span, message));
            }
            self.too_deep += 1;
            return;
        }
        self.open.push(Open { tag, before: std::mem::take(&mut self.items) });
    }

    fn close(&mut self, line: &LogicalLine) {
        let text = line.trimmed();
        let bracket = text.iter().position(|b| *b == b'>');
        let end = bracket.unwrap_or(text.len());
        let written = String::from_utf8_lossy(&text[2..end]).into_owned();
        let name = written.trim_end();
        let start = line.content.start;
        let place = span(line, start..(start + end + 1).min(line.content.end), self.file);
        if bracket.is_none() || name.len() != written.len() {
            let message = format!("`</{name}` must be followed by `>` at once");
            self.diagnostics.push(Diagnostic::error("missing-bracket", place, message));
        } else if end + 1 < text.len() {
            let rest = span(line, start + end + 1..line.content.end, self.file);
            let message = "nothing may follow a closing tag on its line";
            self.diagnostics.push(Diagnostic::error("text-after-tag", rest, message));
        }
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        match self.open.iter().rposition(|open| open.tag.name.value.eq_ignore_ascii_case(name)) {
            Some(level) => {
                while self.open.len() > level + 1 {
                    self.close_missing(place, Some(name));
                }
                self.close_innermost(place);
            }
            None => self.unmatched(name, place),
        }
    }

    fn unmatched(&mut self, name: &str, place: Span) {
        let message = format!("`</{name}>` closes a section that is not open");
        let mut finding = Diagnostic::error("unmatched-section-end", place, message);
        if let Some(open) = self.open.last() {
            finding = finding.with_related(open.tag.span, "this section is open here");
        }
        self.diagnostics.push(finding);
    }

    fn close_innermost(&mut self, closing: Span) {
        let Some(Open { tag, before }) = self.open.pop() else { return };
        let items = std::mem::replace(&mut self.items, before);
        let section = Section { name: tag.name, args: tag.args, items, span: tag.span.to(closing) };
        self.items.push(Item::Section(section));
    }

    /// Ends the innermost section where another one ends (`instead`), or with the file.
    fn close_missing(&mut self, place: Span, instead: Option<&str>) {
        let Some(open) = self.open.last() else { return };
        let name = &open.tag.name.value;
        let message = format!("the section `<{name}>` is never closed");
        let harmless = instead.is_none() && is_conditional(name);
        let severity = if harmless { Severity::Warning } else { Severity::Error };
        let mut finding = Diagnostic::new(severity, "unclosed-section", Some(open.tag.span), message)
            .with_help(format!("add `</{name}>` on a line of its own"));
        if let Some(instead) = instead {
            finding = finding.with_related(place, format!("`</{instead}>` ends a section around it"));
        }
        self.diagnostics.push(finding);
        self.close_innermost(Span { file: self.file, start: place.start, end: place.start });
    }

    fn finish(mut self) -> Vec<Item> {
        let end = self.text.len() as u32;
        while !self.open.is_empty() {
            self.close_missing(Span { file: self.file, start: end, end }, None);
        }
        self.items
    }
}
