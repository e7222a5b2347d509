//! Why something could not be done with a site.

use std::io;
use std::path::PathBuf;

/// Why a site cannot be opened, read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// Nothing there.
    #[error("`{}` is not a site: there is no such folder; `portcullis init` lays a site down", root.display())]
    NoFolder {
        /// The folder.
        root: PathBuf,
    },
    /// A part of the layout is missing.
    #[error("`{}` is not a site: it has no `{missing}`; `portcullis init` lays a site down", root.display())]
    Incomplete {
        /// The folder.
        root: PathBuf,
        /// What is missing, relative to it.
        missing: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file cannot be replaced.
    #[error("cannot write `{}`: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The configuration cannot be read to its end, so which directive counts is not known.
    #[error(
        "the configuration has errors, so which `SecRuleEngine` counts is not known; `portcullis check` lists them"
    )]
    Unreadable,
    /// Another file sets the mode after `modsecurity.conf`.
    #[error(
        "`{}`, line {line}, sets `SecRuleEngine {value}` after `modsecurity.conf`, and the last one counts; \
         remove that line, or change it there", path.display()
    )]
    SetElsewhere {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u32,
        /// What it sets.
        value: String,
    },
    /// The directive has no value, several, or one that is no mode.
    #[error("`{}`, line {line}: `SecRuleEngine` must be `On`, `Off` or `DetectionOnly`", path.display())]
    NoMode {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u32,
    },
    /// The changed text would not have the wanted effect.
    #[error(
        "`{}` was not changed: `SecRuleEngine` would not count there; look at the sections around it, or at its end",
        path.display()
    )]
    NoEffect {
        /// The file.
        path: PathBuf,
    },
    /// No rule set has this name.
    #[error("there is no rule set `{name}`{}", did_you_mean(nearest.as_deref()))]
    NoRuleSet {
        /// As given.
        name: String,
        /// The name that looks most like it.
        nearest: Option<String>,
    },
    /// A file with another content is where one would go.
    #[error("`{}` is there with another content, and is left as it is", path.display())]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
    /// What would be removed is nowhere else.
    #[error(
        "`{}` {}; --force removes it", path.display(),
        if *has_source { "was edited and differs from its source" } else { "has no source to copy it from again" }
    )]
    OnlyCopy {
        /// The file.
        path: PathBuf,
        /// Whether there is a source that it differs from.
        has_source: bool,
    },
    /// A choice of the rule set cannot be made.
    #[error("{name}: {reason}")]
    Tuning {
        /// Its name.
        name: &'static str,
        /// Why not.
        reason: String,
    },
    /// The state is set elsewhere.
    #[error("the state of `{file}` is not set by `{}` alone; look for SecRuleSetState in the files it includes", path.display())]
    NoState {
        /// The main file.
        path: PathBuf,
        /// The set's file.
        file: String,
    },
}

/// The words of an I/O error without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.find(" (os error").map_or(text.as_str(), |end| &text[..end]).to_lowercase()
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_else(|| "; `rules list` shows them".to_owned())
}
