//! `Define`, `UnDefine` and `${VAR}`, as httpd has them.
//!
//! `Define LIMIT 5` then `SecRule ARGS "@gt ${LIMIT}"` → the line `SecRule ARGS "@gt 5"` before it is split into words.
//! [`crate::include`] calls it for each line it reads, in order: a value counts for the lines behind its `Define`.
//!
//! Observed: a value may hold quotes and blanks and then changes how the line is split; it is not expanded again; names
//! are compared without case in `${…}` and with case in `<IfDefine>`; an unknown variable stays as written. httpd also
//! looks into the environment of its process. This crate has none, so such a reference is reported.
//!
//! Limits: a line may grow to [`MAX_EXPANDED`] bytes, all expanded lines together to [`MAX_EXPANDED_TOTAL`]. Each unknown
//! name is reported once.

use std::collections::{HashMap, HashSet};

use crate::ast::Directive;
use crate::diagnostic::Diagnostic;
use crate::lines::{Lines, LogicalLine};
use crate::origin;
use crate::source::{Sources, Span};

/// Longest line after expansion, in bytes.
pub const MAX_EXPANDED: usize = 1024 * 1024;

/// Bytes that all expanded lines of a configuration may have together.
pub const MAX_EXPANDED_TOTAL: usize = 64 * MAX_EXPANDED;

pub(crate) struct Defines<'a> {
    outside: &'a dyn Fn(&str) -> bool,
    /// Names for `<IfDefine>`: set here, or taken back from `outside` by `UnDefine`.
    names: HashSet<String>,
    removed: HashSet<String>,
    /// Values by lower-case name.
    values: HashMap<String, Vec<u8>>,
    /// Unknown names that were reported.
    unknown: HashSet<String>,
    /// Bytes of expanded lines so far.
    expanded: usize,
}

impl<'a> Defines<'a> {
    pub(crate) fn new(outside: &'a dyn Fn(&str) -> bool) -> Self {
        Defines {
            outside,
            names: HashSet::new(),
            removed: HashSet::new(),
            values: HashMap::new(),
            unknown: HashSet::new(),
            expanded: 0,
        }
    }

    /// Whether `<IfDefine name>` holds.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.names.contains(name) || (!self.removed.contains(name) && (self.outside)(name))
    }

    pub(crate) fn define(&mut self, directive: &Directive) -> Result<(), Box<Diagnostic>> {
        let (word, value) = match directive.args.as_slice() {
            [name] => (name, None),
            [name, value] => (name, Some(value)),
            _ => return Err(count(directive, "a name and optionally a value")),
        };
        let name = word.lossy().into_owned();
        if name.contains(':') {
            let message = "the name of a variable must not contain `:`";
            return Err(Box::new(Diagnostic::error("invalid-define", word.span, message)));
        }
        if let Some(value) = value {
            self.values.insert(name.to_ascii_lowercase(), value.text.clone());
        }
        self.removed.remove(&name);
        self.names.insert(name);
        Ok(())
    }

    pub(crate) fn undefine(&mut self, directive: &Directive) -> Result<(), Box<Diagnostic>> {
        let [word] = directive.args.as_slice() else {
            return Err(count(directive, "a name"));
        };
        let name = word.lossy().into_owned();
        self.values.remove(&name.to_ascii_lowercase());
        self.names.remove(&name);
        self.removed.insert(name);
        Ok(())
    }

    /// The logical line at the start of `span` with variables expanded; `None` when it needs no second look.
    pub(crate) fn expand(
        &mut self,
        sources: &Sources,
        span: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<LogicalLine> {
        let mut line = LogicalLine::default();
        let text = &sources.file(span.file).text;
        memchr::memmem::find(sources.text(span), b"${")?;
        Lines::starting_at(text, span.start).read(&mut line);
        self.substitute(&line, span, diagnostics)
    }

    fn substitute(
        &mut self,
        line: &LogicalLine,
        span: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<LogicalLine> {
        let text = &line.text;
        let mut out = LogicalLine { raw: line.raw.clone(), ..LogicalLine::default() };
        let mut copied = 0;
        let mut at = 0;
        let mut changed = false;
        while let Some(dollar) = memchr::memmem::find(&text[at..], b"${").map(|n| at + n) {
            let Some(brace) = memchr::memchr(b'}', &text[dollar..]).map(|n| dollar + n) else { break };
            let name = String::from_utf8_lossy(&text[dollar + 2..brace]);
            at = brace + 1;
            let source = line.source(dollar..at);
            let Some(value) = self.values.get(&name.to_ascii_lowercase()) else {
                let span = Span { file: span.file, start: source.start, end: source.end };
                if is_plausible(&name) && self.unknown.insert(name.to_string()) {
                    diagnostics.push(undefined(&name, span));
                }
                continue;
            };
            if out.text.len() + (dollar - copied) + value.len() > MAX_EXPANDED {
                let message =
                    format!("the line grows beyond {MAX_EXPANDED} bytes when variables are expanded");
                diagnostics.push(Diagnostic::error("line-too-long", span, message));
                return None;
            }
            changed = true;
            copy(&mut out, line, copied..dollar);
            for offset in 0..value.len() {
                // The value's bytes walk along the reference and the surplus stays at its `}`.
                let place =
                    if offset + 1 == value.len() { source.end - 1 } else { source.start + offset as u32 };
                origin::push(&mut out.runs, out.text.len() + offset, place.min(source.end - 1));
            }
            out.text.extend_from_slice(value);
            copied = at;
        }
        if !changed {
            return None;
        }
        copy(&mut out, line, copied..text.len());
        self.expanded += out.text.len();
        out.trim();
        Some(out)
    }
}

fn copy(out: &mut LogicalLine, line: &LogicalLine, range: std::ops::Range<usize>) {
    origin::copy(&mut out.runs, out.text.len(), &line.runs, range.clone());
    out.text.extend_from_slice(&line.text[range]);
}

/// Whether a reference can be meant as a variable; `\${[^}]*}` in a pattern is none.
fn is_plausible(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn undefined(name: &str, span: Span) -> Diagnostic {
    let message = format!("the variable `${{{name}}}` is not defined and stays as written");
    Diagnostic::warning("undefined-variable", span, message)
        .with_help(format!("add `Define {name} VALUE` before this line; environment variables are not read"))
}

fn count(directive: &Directive, what: &str) -> Box<Diagnostic> {
    let message = format!("`{}` takes {what}", directive.name.value);
    Box::new(Diagnostic::error("argument-count", directive.span, message))
}
