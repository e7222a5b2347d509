//! What a setting is: one row of the table from which the parser of `portcullis.toml`, the flags, the variables, the help
//! and the reference are made.
//!
//! `Setting { name: "access-log-format", … }` is the flag `--access-log-format`, the variable
//! `PORTCULLIS_ACCESS_LOG_FORMAT` and the key `access_log_format`. A row knows how to read its value into
//! [`Settings`]; it does not know where the value came from.

use std::path::Path;

use super::Settings;
use super::value::{Invalid, Value};

/// What a value looks like in `portcullis.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// A whole number.
    Number,
    /// A string with a unit, or a whole number of bytes.
    Size,
    /// `true` or `false`.
    Boolean,
    /// A list of strings; a single string is a list of one.
    List,
    /// A table of strings.
    Table,
}

/// When a changed value takes effect in a running proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applies {
    /// With the next reload.
    AtReload,
    /// With the next start.
    AtStart,
}

/// A heading of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Where requests come from and go to.
    Traffic,
    /// How long anything may take.
    Times,
    /// How much of anything there may be.
    Limits,
    /// What HTTP departures are let through.
    Policies,
    /// Logs.
    Logs,
    /// The event store.
    Events,
    /// Persistent collections.
    State,
    /// How the site is read.
    Rules,
    /// The console.
    Console,
}

impl Group {
    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Traffic => "Traffic",
            Group::Times => "Time-outs",
            Group::Limits => "Limits",
            Group::Policies => "HTTP policies",
            Group::Logs => "Logs",
            Group::Events => "Event store",
            Group::State => "Persistent collections",
            Group::Rules => "Rules",
            Group::Console => "Console",
        }
    }
}

/// Reads a value into the settings. Relative paths start from the path given.
pub type Set = fn(&mut Settings, &Value, &Path) -> Result<(), Invalid>;

/// See the module.
#[derive(Debug)]
pub struct Setting {
    /// The flag without its dashes.
    pub name: &'static str,
    /// The heading it stands under.
    pub group: Group,
    /// What its value looks like.
    pub shape: Shape,
    /// The value's name in the help.
    pub placeholder: &'static str,
    /// The default as it is written in `portcullis.toml`.
    pub default: &'static str,
    /// When a change takes effect.
    pub applies: Applies,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// Further sentences; empty when there is nothing more to know.
    pub detail: &'static str,
    /// Reads its value.
    pub set: Set,
}

impl Setting {
    /// The key in `portcullis.toml`.
    pub fn key(&self) -> String {
        self.name.replace('-', "_")
    }

    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.name.replace('-', "_").to_ascii_uppercase())
    }
}

/// What the names of all our variables begin with.
pub const VARIABLE_PREFIX: &str = "PORTCULLIS_";
