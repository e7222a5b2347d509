//! Diagnostics on standard error: drawn by the one renderer, in colour on a terminal, closed by a count.

use std::env;
use std::io::{self, IsTerminal as _};

use portcullis_seclang::render::{Style, render};
use portcullis_seclang::{Diagnostic, Severity, Sources, summary};

use crate::messages;

/// Prints findings, if there are any.
pub fn print(diagnostics: &[Diagnostic], sources: &Sources) {
    if diagnostics.is_empty() {
        return;
    }
    let text = render(diagnostics, sources, Style { color: wants_color() });

    messages::show(&format!("{text}\n{}\n", summary(diagnostics)));
}

/// Findings as text without colours.
pub fn text(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let text = render(diagnostics, sources, Style::default());
    format!("{text}\n{}\n", summary(diagnostics))
}

/// Whether one of them keeps a site from being used.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|finding| finding.severity == Severity::Error)
}

/// On a terminal, unless <https://no-color.org> says otherwise.
fn wants_color() -> bool {
    let forbidden = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
    io::stderr().is_terminal() && !forbidden && !dumb
}
