//! What is wrong with a configuration: one type for every layer; [`mod@crate::render`] draws it for every reader.
//!
//! An unknown directive in line 3 → `Diagnostic::error("unknown-directive", span, "unknown directive `SecRul`")`. Every layer
//! that reads configuration returns these, all of them and not the first. A diagnostic holds no position as text: line and
//! column are computed from its span when it is drawn.

use crate::source::Span;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; the configuration does what it says.
    Notice,
    /// Probably not what was meant; the configuration loads.
    Warning,
    /// The configuration does not load.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable short name, `kebab-case`: what tests and documentation refer to (`unknown-directive`).
    pub code: &'static str,
    /// What is wrong, one sentence without a final stop.
    pub message: String,
    /// Where; `None` for findings about a file or the whole configuration.
    pub span: Option<Span>,
    /// A few words under the caret.
    pub label: Option<String>,
    /// Further places: `(where, "first defined here")`.
    pub related: Vec<(Span, String)>,
    /// What to do, when it can be said.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, Some(span), message)
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, Some(span), message)
    }

    /// A notice at a place.
    pub fn notice(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Notice, code, Some(span), message)
    }

    /// Any finding.
    pub fn new(
        severity: Severity,
        code: &'static str,
        span: Option<Span>,
        message: impl Into<String>,
    ) -> Self {
        Self { severity, code, message: message.into(), span, label: None, related: Vec::new(), help: None }
    }

    /// Adds words under the caret.
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds what to do.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a further place.
    pub fn with_related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push((span, text.into()));
        self
    }
}

/// The line that closes a report: `3 errors, 1 warning`; empty when there is nothing to count.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let counted = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Notice, "notice")];
    let parts = counted.iter().filter_map(|(severity, noun)| {
        match diagnostics.iter().filter(|finding| finding.severity == *severity).count() {
            0 => None,
            1 => Some(format!("1 {noun}")),
            n => Some(format!("{n} {noun}s")),
        }
    });
    parts.collect::<Vec<_>>().join(", ")
}
