//! The state of an activated set: `SecRuleSetState` in `modsecurity.conf`, read and edited in place.
//!
//! `state_change(942, Detect)` → the line `SecRuleSetState Detect REQUEST-942-….conf` in `<IfModule portcullis>`, behind the last
//! one of its kind or in a block of its own at the end; `Protect` takes the name out again, and the line when it was the
//! only one. Every other byte stays. The text is read again before anything is written.

use std::collections::BTreeMap;

use portcullis_seclang::{Directive, Item, Span};

use super::{RuleSetFile, State};
use crate::changes::Changes;
use crate::edit;
use crate::error::SiteError;
use crate::layout::CONFIGURATION;
use crate::site::Site;

const DIRECTIVE: &str = "SecRuleSetState";

/// The states that a configuration sets.
#[derive(Debug, Default)]
pub(super) struct States {
    files: BTreeMap<Vec<u8>, bool>,
    /// Directives in `modsecurity.conf`.
    directives: Vec<Directive>,
    text: Vec<u8>,
}

impl States {
    /// Whether a file is in detection.
    pub(super) fn detects(&self, file: &str) -> bool {
        self.files.get(file.as_bytes()).copied().unwrap_or(false)
    }
}

impl Site {
    /// What the configuration says, as far as it can be read.
    pub(super) fn states(&self) -> Result<States, SiteError> {
        let loaded = self.read(&self.reader());
        let main = self.root().join(CONFIGURATION);
        let mut states = States::default();
        if let Some(file) = loaded.sources.files().iter().find(|file| file.path == main) {
            states.text.clone_from(&file.text);
        }
        for item in loaded.items {
            let Item::Directive(directive) = item else { continue };
            if !directive.name.value.eq_ignore_ascii_case(DIRECTIVE) {
                continue;
            }
            let Some((state, files)) = directive.args.split_first() else { continue };
            let detects = state.text.eq_ignore_ascii_case(b"detect");
            states.files.extend(files.iter().map(|file| (file.text.clone(), detects)));
            if loaded.sources.path(directive.span.file) == main {
                states.directives.push(directive);
            }
        }
        Ok(states)
    }

    /// The change of `modsecurity.conf` that puts an activated set into a state; empty when it is there. [`State::Off`] is
    /// reached by deactivating.
    ///
    /// # Errors
    /// When the configuration cannot be read, or another file sets the state.
    pub fn state_change(&self, set: &RuleSetFile, state: State) -> Result<Changes, SiteError> {
        let file = set.running_name();
        let states = self.states()?;
        let mut changes = Changes::default();
        let wanted = state == State::Detect;
        if states.detects(&file) == wanted {
            return Ok(changes);
        }
        let without = states.without(&file);
        let text = if wanted { States::with(&without, &states, &file) } else { without };
        changes.write(CONFIGURATION, text);
        if self.with_changes(&changes).states()?.detects(&file) != wanted {
            return Err(SiteError::NoState { path: self.root().join(CONFIGURATION), file });
        }
        Ok(changes)
    }
}

impl States {
    /// The text without any mention of a file.
    fn without(&self, file: &str) -> Vec<u8> {
        let mut cuts: Vec<(usize, usize)> = Vec::new();
        for directive in &self.directives {
            let Some((_, files)) = directive.args.split_first() else { continue };
            let mentions: Vec<Span> =
                files.iter().filter(|word| word.text == file.as_bytes()).map(|word| word.span).collect();
            if mentions.is_empty() {
                continue;
            }
            if mentions.len() == files.len() {
                cuts.push(self.lines_of(directive.span));
            } else {
                cuts.extend(mentions.iter().map(|span| self.word_with_blank(*span)));
            }
        }
        let mut text = self.text.clone();
        for (start, end) in cuts.into_iter().rev() {
            text.drain(start..end);
        }
        text
    }

    fn lines_of(&self, span: Span) -> (usize, usize) {
        let (start, end) = (span.start as usize, span.end as usize);
        let start = self.text[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = end.min(self.text.len());
        let end = self.text[end..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(self.text.len(), |at| end + at + 1);
        (start, end)
    }

    fn word_with_blank(&self, span: Span) -> (usize, usize) {
        let start = span.start as usize;
        let blanks = self.text[..start].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        (start - blanks, span.end as usize)
    }

    /// A text with the file in detection: behind the last directive of its kind that is left, else in a block of its own.
    fn with(text: &[u8], states: &States, file: &str) -> Vec<u8> {
        let quoted = if file.contains(' ') { format!("\"{file}\"") } else { file.to_owned() };
        let line = format!("{DIRECTIVE} Detect {quoted}");
        let unchanged = text.len() == states.text.len();
        let Some(last) = states.directives.last().filter(|_| unchanged) else {
            return edit::append_lines(text, &["<IfModule portcullis>", &line, "</IfModule>"]);
        };
        let (start, end) = states.lines_of(last.span);
        let indent: Vec<u8> =
            text[start..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).copied().collect();
        let line_end: &[u8] = if text[start..end].ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
        let before: &[u8] = if text[..end].ends_with(b"\n") { b"" } else { line_end };
        [&text[..end], before, &indent, line.as_bytes(), line_end, &text[end..]].concat()
    }
}
