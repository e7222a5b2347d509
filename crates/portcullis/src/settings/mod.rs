//! Settings of the proxy: flags, then `PORTCULLIS_*` variables, then presets, then `portcullis.toml`, then defaults.
//!
//! ```text
//! flags ────────┐
//! variables ────┤
//! --platform ───┼─▶ Entry (a row of the table, a raw value, where it stood) ─ resolve ─▶ Settings
//! portcullis.toml ┘
//! ```
//!
//! Raw input and what is made of it are different types: [`Entry`] is only parsed, [`Settings`] is built when every source
//! is known. A wrong value is reported even where a stronger source overrides it. The table in [`table`] is the only
//! place that knows a setting's name; the help, `portcullis.toml` ([`document`]) and `docs/settings.md` are written from
//! it.

pub mod document;
mod file;
mod flags;
mod preset;
#[cfg(test)]
mod reference;
mod setting;
mod shown;
mod table;
mod value;
mod variables;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_proxy::UpstreamAddress;
use portcullis_seclang::{Diagnostic, Severity, Sources, Span};
use portcullis_site::Site;

pub use flags::Flags;
pub use preset::platform;
pub use setting::{Applies, Setting};
pub use shown::{HIDDEN, shown, without_password};
pub use table::all;
pub use value::{Invalid, Value};

/// The file in a site.
pub const FILE_NAME: &str = "portcullis.toml";

/// The largest `portcullis.toml` that is read.
const LARGEST_FILE: u64 = 1 << 20;

/// Where an entry stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In `portcullis.toml`.
    File(Span),
    /// In the preset of `--platform`.
    Platform,
    /// In this variable of the CRS's container images.
    Container(&'static str),
    /// In the environment.
    Variable,
    /// On the command line.
    Flag,
}

/// A value of a setting before anybody has looked at what it means.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The row of the table.
    pub setting: &'static Setting,
    /// As written.
    pub value: Value,
    /// Where it stood.
    pub origin: Origin,
}

/// Where log lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Nowhere.
    Off,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A file, or `|program`.
    Named(String),
}

/// The form of access lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessFormat {
    /// One JSON object per line.
    Json,
    /// `label:value` with tabs between.
    Ltsv,
}

/// The schema of audit entries in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditSchema {
    /// ModSecurity v2's.
    V2,
    /// libmodsecurity 3's.
    V3,
}

/// What the logs look like and where they go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logs {
    /// The error log.
    pub error: Destination,
    /// `[client IP]` a second time in error lines.
    pub second_client_tag: bool,
    /// The audit log; `None` where the site says.
    pub audit: Option<Destination>,
    /// The access log.
    pub access: Destination,
    /// The form of its lines.
    pub access_format: AccessFormat,
    /// The schema of `SecAuditLogFormat JSON`.
    pub audit_schema: AuditSchema,
    /// Concurrent audit entries lie in a directory named after the user we run as.
    pub audit_user_directory: bool,
    /// Bytes of entries that wait for a slow destination, per log.
    pub queue_bytes: usize,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            error: Destination::Stderr,
            second_client_tag: true,
            audit: None,
            access: Destination::Stdout,
            access_format: AccessFormat::Json,
            audit_schema: AuditSchema::V2,
            audit_user_directory: true,
            queue_bytes: 64 << 20,
        }
    }
}

/// The console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleSettings {
    /// Where it listens; `None` for no console.
    pub address: Option<SocketAddr>,
    /// Names it answers to besides its own address.
    pub hosts: Vec<String>,
    /// Whether others may reach it, though it speaks plain HTTP.
    pub plain: bool,
    /// The certificate.
    pub certificate: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
}

/// Where events are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventPlace {
    /// Nowhere.
    Off,
    /// In the data folder of the instance.
    Data,
    /// In this file.
    File(PathBuf),
}

/// The event store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventStore {
    /// Where it lies.
    pub place: EventPlace,
    /// The database that instances share; the place only says whether events are kept then.
    pub url: Option<String>,
    /// The name of this instance among them; the host's when there is none.
    pub name: Option<String>,
    /// How much it keeps.
    pub limits: portcullis_insight::Limits,
}

/// Everything resolved.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data path.
    pub proxy: portcullis_proxy::Settings,
    /// How long requests that run may take to finish at the end.
    pub drain_time: Duration,
    /// Bounds of the store of persistent collections.
    pub state: portcullis_state::Limits,
    /// Logs.
    pub logs: Logs,
    /// The event store.
    pub events: EventStore,
    /// Where engines differ.
    pub compatibility: portcullis_engine::Compatibility,
    /// Names that `<IfDefine>` finds defined.
    pub defines: Vec<String>,
    /// Files elsewhere that rules may use.
    pub remote_files: Vec<portcullis_site::Pin>,
    /// Reload when a file of the site changes.
    pub watch: bool,
    /// The folder of the site with its error pages.
    pub error_pages: PathBuf,
    /// Where what an instance writes goes; `None` is the site's folder.
    pub instance_folder: Option<PathBuf>,
    /// The console.
    pub console: ConsoleSettings,
}

impl Default for Settings {
    fn default() -> Self {
        let upstream = UpstreamAddress { host: "127.0.0.1".to_owned(), port: 3000 };
        Self {
            proxy: portcullis_proxy::Settings { upstream, ..portcullis_proxy::Settings::default() },
            drain_time: Duration::from_secs(30),
            state: portcullis_state::Limits::default(),
            logs: Logs::default(),
            events: EventStore {
                place: EventPlace::Data,
                url: None,
                name: None,
                limits: portcullis_insight::Limits::default(),
            },
            compatibility: portcullis_engine::Compatibility::default(),
            defines: Vec::new(),
            remote_files: Vec::new(),
            watch: true,
            error_pages: PathBuf::from("custom_errors"),
            instance_folder: None,
            console: ConsoleSettings {
                address: Some(SocketAddr::from(([127, 0, 0, 1], 8081))),
                hosts: Vec::new(),
                plain: false,
                certificate: None,
                key: None,
            },
        }
    }
}

/// Reads `portcullis.toml` of a site into entries; a missing file has none. Findings go to `diagnostics`, drawn with
/// `sources`.
pub fn read_file(site: &Site, sources: &mut Sources, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry> {
    match site.read_file(FILE_NAME, LARGEST_FILE) {
        Ok(Some(text)) => {
            let id = sources.add(site.root().join(FILE_NAME), text);
            file::read(sources.file(id), id, diagnostics)
        }
        Ok(None) => Vec::new(),
        Err(error) => {
            let message = error.to_string();
            diagnostics.push(Diagnostic::new(Severity::Error, "unreadable-settings", None, message));
            Vec::new()
        }
    }
}

/// Settings with everything that was wrong on the way.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What every source says together.
    pub settings: Settings,
    /// The values in force, as written: what a reload compares.
    pub values: Vec<Entry>,
    /// What is wrong in `portcullis.toml`.
    pub diagnostics: Vec<Diagnostic>,
    /// What is wrong in flags and variables, a sentence each.
    pub mistakes: Vec<String>,
}

/// Applies entries in the order file, preset, the container images' variables, ours, flags. `root` is the site, from which paths in its file start; others
/// start from the working directory.
pub fn resolve(root: &Path, mut entries: Vec<Entry>) -> Resolved {
    let rank = |entry: &Entry| match entry.origin {
        Origin::File(_) => 0,
        Origin::Platform => 1,
        Origin::Container(_) => 2,
        Origin::Variable => 3,
        Origin::Flag => 4,
    };
    entries.sort_by_key(rank);
    let mut resolved = Resolved {
        settings: Settings::default(),
        values: Vec::new(),
        diagnostics: Vec::new(),
        mistakes: Vec::new(),
    };
    for entry in entries {
        resolved.apply(root, entry);
    }
    resolved
}

impl Resolved {
    fn apply(&mut self, root: &Path, entry: Entry) {
        let from = match entry.origin {
            Origin::File(_) => root,
            Origin::Platform | Origin::Container(_) | Origin::Variable | Origin::Flag => Path::new(""),
        };
        match (entry.setting.set)(&mut self.settings, &entry.value, from) {
            Ok(()) => self.remember(entry),
            Err(invalid) => self.refuse(&entry, invalid),
        }
    }

    fn remember(&mut self, entry: Entry) {
        let same_row = |known: &Entry| std::ptr::eq(known.setting, entry.setting);
        self.values.retain(|known| match (&known.value, &entry.value) {
            (Value::Pair(old, _), Value::Pair(new, _)) => !same_row(known) || old != new,
            _ => !same_row(known),
        });
        self.values.push(entry);
    }

    fn refuse(&mut self, entry: &Entry, invalid: Invalid) {
        let place = match entry.origin {
            Origin::File(span) => {
                let mut finding = Diagnostic::error("setting-value", span, invalid.message);
                finding.help = invalid.help;
                self.diagnostics.push(finding);
                return;
            }
            Origin::Platform => "--platform".to_owned(),
            Origin::Container(name) => name.to_owned(),
            Origin::Variable => entry.setting.variable(),
            Origin::Flag => format!("--{}", entry.setting.name),
        };
        let help = invalid.help.map(|help| format!("; {help}")).unwrap_or_default();
        self.mistakes.push(format!("{place}: {}{help}", invalid.message));
    }
}

/// An entry as if it had been given as a flag. The name must be one of the table's.
pub fn flag((name, value): (&str, Value)) -> Entry {
    Entry { setting: of_table(name), value, origin: Origin::Flag }
}

/// An entry of a variable of the CRS's container images. The name must be one of the table's.
pub fn container(variable: &'static str, name: &str, value: Value) -> Entry {
    Entry { setting: of_table(name), value, origin: Origin::Container(variable) }
}

fn of_table(name: &str) -> &'static Setting {
    // The callers name settings of the table; a test runs each of them.
    named(name).unwrap_or_else(|| panic!("no setting is called {name}"))
}

/// The setting of that name, with `-` or `_` between its words.
pub fn named(name: &str) -> Option<&'static Setting> {
    let name = name.replace('_', "-");
    table::all().find(|setting| setting.name == name)
}

/// Reads the environment of this process.
pub fn read_variables() -> variables::Variables {
    variables::read(std::env::vars_os())
}

/// The names of settings whose value differs, in table order.
pub fn changed(old: &Resolved, new: &Resolved) -> Vec<&'static Setting> {
    let of = |resolved: &Resolved, setting: &Setting| -> Vec<Value> {
        let mine = resolved.values.iter().filter(|known| std::ptr::eq(known.setting, setting));
        let mut values: Vec<Value> = mine.map(|known| known.value.clone()).collect();
        values.sort_by_key(|value| format!("{value:?}"));
        values
    };
    table::all().filter(|setting| of(old, setting) != of(new, setting)).collect()
}

/// A path as written in a source whose relative paths start from `from`.
fn located(from: &Path, path: PathBuf) -> PathBuf {
    if path.is_absolute() { path } else { from.join(path) }
}

#[cfg(test)]
mod tests;
