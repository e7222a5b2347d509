//! Detection or protection: the one directive that decides, read and edited in place.
//!
//! `SecRuleEngine DetectionOnly   # …` in `modsecurity.conf` → [`Mode::Detect`]; `set_mode(Protect)` replaces that word by `On`
//! and keeps every other byte: line ends, blanks, comments, quotes, the other directives of the same name.
//!
//! Of several directives the last one in reading order counts, included files and true `<If…>` sections taken into account, so
//! that one is edited. When it stands in another file than `modsecurity.conf` nothing is changed: whoever wrote it there
//! has decided that the main file does not. When there is none, one is added at the end of `modsecurity.conf`. The changed text
//! is read again before it is written; a change that would not have the wanted effect is refused.
//!
//! Two edits at the same moment are not arbitrated: the later one wins, whole.

use std::fmt;

use portcullis_seclang::{Directive, Item, Severity, Sources};

use crate::changes::Changes;
use crate::edit;
use crate::error::SiteError;
use crate::layout::CONFIGURATION;
use crate::site::Site;
use crate::tree;

/// What the engine does with its findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Rules do not run (`Off`).
    Off,
    /// Rules run and log; traffic is not touched (`DetectionOnly`).
    Detect,
    /// Rules run and block (`On`).
    Protect,
}

impl Mode {
    /// The value of `SecRuleEngine`.
    pub fn directive_value(self) -> &'static str {
        match self {
            Mode::Off => "Off",
            Mode::Detect => "DetectionOnly",
            Mode::Protect => "On",
        }
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let modes = [Mode::Off, Mode::Detect, Mode::Protect];
        modes.into_iter().find(|mode| value.eq_ignore_ascii_case(mode.directive_value().as_bytes()))
    }
}

impl fmt::Display for Mode {
    /// `off`, `detect` or `protect`, the words of the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Off => "off",
            Mode::Detect => "detect",
            Mode::Protect => "protect",
        })
    }
}

impl Site {
    /// The mode the configuration sets; `Off` when it sets none.
    ///
    /// # Errors
    /// When the configuration cannot be read to its end, or the directive has no valid value.
    pub fn mode(&self) -> Result<Mode, SiteError> {
        let (sources, directive) = self.effective()?;
        match directive {
            None => Ok(Mode::Off),
            Some(directive) => value(&directive).ok_or_else(|| no_mode(&sources, &directive)),
        }
    }

    /// Sets the mode in `modsecurity.conf`; `true` when the file was changed, `false` when the mode was set already.
    ///
    /// # Errors
    /// As [`Site::mode_change`], or the file cannot be replaced. Nothing is changed then.
    pub fn set_mode(&self, mode: Mode) -> Result<bool, SiteError> {
        let changes = self.mode_change(mode)?;
        self.write(&changes)?;
        Ok(!changes.is_empty())
    }

    /// The change of `modsecurity.conf` that sets the mode; empty when it is set already.
    ///
    /// # Errors
    /// When the configuration cannot be read to its end, or another file sets the mode after `modsecurity.conf`.
    pub fn mode_change(&self, mode: Mode) -> Result<Changes, SiteError> {
        let path = self.root().join(CONFIGURATION);
        let (sources, directive) = self.effective()?;
        let content = match directive {
            Some(directive) if sources.path(directive.span.file) != path => {
                return Err(SiteError::SetElsewhere {
                    path: sources.path(directive.span.file).to_path_buf(),
                    line: line(&sources, &directive),
                    value: directive.args.first().map_or(String::new(), |word| word.lossy().into_owned()),
                });
            }
            Some(directive) if value(&directive) == Some(mode) => return Ok(Changes::default()),
            Some(directive) => replaced(&sources, &directive, mode)?,
            // The main file is always the first one read.
            None => appended(sources.files().first().map_or(b"".as_slice(), |file| &file.text), mode),
        };
        let mut changes = Changes::default();
        changes.write(CONFIGURATION, content);
        let (_, after) = self.with_changes(&changes).effective()?;
        if after.as_ref().and_then(value) != Some(mode) {
            return Err(SiteError::NoEffect { path });
        }
        Ok(changes)
    }

    /// The directive that counts, and the files it was found in.
    fn effective(&self) -> Result<(Sources, Option<Directive>), SiteError> {
        let links = tree::check(self.root(), self.files());
        let loaded = self.read(&self.reader());
        if links.iter().any(|finding| finding.severity == Severity::Error) || loaded.has_errors() {
            return Err(SiteError::Unreadable);
        }
        // Sections that are left after reading select requests; the engine takes no mode from them.
        let mut directives = loaded.items.into_iter().filter_map(|item| match item {
            Item::Directive(directive) => Some(directive),
            Item::Section(_) => None,
        });
        let last = directives.rfind(|d| d.name.value.eq_ignore_ascii_case("SecRuleEngine"));
        Ok((loaded.sources, last))
    }
}

fn value(directive: &Directive) -> Option<Mode> {
    match directive.args.as_slice() {
        [word] => Mode::parse(&word.text),
        _ => None,
    }
}

fn line(sources: &Sources, directive: &Directive) -> u32 {
    sources.file(directive.span.file).position(directive.span.start).0
}

fn no_mode(sources: &Sources, directive: &Directive) -> SiteError {
    let path = sources.path(directive.span.file).to_path_buf();
    SiteError::NoMode { path, line: line(sources, directive) }
}

/// The file's text with the directive's value exchanged; its quotes stay.
fn replaced(sources: &Sources, directive: &Directive, mode: Mode) -> Result<Vec<u8>, SiteError> {
    let [word] = directive.args.as_slice() else { return Err(no_mode(sources, directive)) };
    let text = &sources.file(directive.span.file).text;
    let (start, end) = (word.span.start as usize, word.span.end as usize);
    let written = &text[start..end];
    let quote = written.first().filter(|byte| matches!(byte, b'"' | b'\'') && written.ends_with(&[**byte]));
    let quote: Vec<u8> = quote.filter(|_| written.len() > 1).copied().into_iter().collect();
    Ok([&text[..start], &quote, mode.directive_value().as_bytes(), &quote, &text[end..]].concat())
}

/// The file's text with a directive of its own at the end.
fn appended(text: &[u8], mode: Mode) -> Vec<u8> {
    edit::append_lines(text, &[&format!("SecRuleEngine {}", mode.directive_value())])
}
