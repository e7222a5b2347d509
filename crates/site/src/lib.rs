//! The site: a folder of configuration, kept like source code.
//!
//! ```text
//! S/modsecurity.conf            settings of the engine and its mode
//! S/portcullis.toml             settings of the proxy
//! S/rules/base_rules/           rule sets as they came,
//! S/rules/optional_rules/         to copy from
//! S/rules/activated_rules/      what runs: *.conf in byte order of their names, after modsecurity.conf
//! S/logs/  S/data/              what running instances write; no part of the configuration
//! ```
//!
//! [`init()`] lays a site down, [`Site::load`] reads and compiles it whole, [`Site::set_mode`] switches between detection and
//! protection. The command line, the reloader and the console call these. The crate knows nothing of traffic, and reads
//! nothing outside the site's folder when it loads one.
//!
//! ```
//! use portcullis_site::{Mode, RuleSource, Site, init};
//! let folder = tempfile::tempdir()?;
//! let root = folder.path().join("shop");
//! init(&root, &RuleSource::Starter, "# settings\n")?;
//! let site = Site::open(&root)?;
//! assert_eq!(site.mode()?, Mode::Detect);
//! let loaded = site.load(Default::default());
//! assert!(loaded.rule_set.is_some() && loaded.diagnostics.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod changes;
mod edit;
mod encrypted_rules;
mod error;
mod files;
mod fingerprint;
mod fnmatch;
mod folder_files;
mod format;
pub mod history;
mod https;
pub mod import;
mod init;
mod layout;
pub mod lint;
mod load;
mod looks;
mod mode;
mod read;
mod remote_files;
mod rules;
mod site;
mod starter;
mod tree;
mod tuning;

pub use changes::Changes;
pub use edit::append_lines;
pub use error::SiteError;
pub use fingerprint::Fingerprint;
pub use folder_files::FolderFiles;
pub use format::Formatted;
pub use init::{InitError, InitReport, RuleSource, init};
pub use layout::{ACTIVATED_RULES, BASE_RULES, CONFIGURATION, DATA, LOGS, OPTIONAL_RULES, SETTINGS};
pub use load::Loaded;
pub use looks::Looks;
pub use mode::Mode;
pub use remote_files::{Pin, RemoteFiles};
pub use rules::{About, RuleSetFile, State};
pub use site::Site;
pub use tuning::{TUNINGS, Tuning};
