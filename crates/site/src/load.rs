//! Reading and compiling a site whole.
//!
//! `modsecurity.conf`, then `rules/activated_rules/*.conf` in byte order of their names, with everything they include and
//! the data files they name → a rule set, or all that keeps it from being one. The command line and the reloader call
//! [`Site::load`]; it never panics and leaves nothing half done, so an old rule set can go on when the new one fails.

use std::os::unix::ffi::OsStringExt as _;
use std::sync::{Arc, OnceLock};

use portcullis_engine::compile::UNREAD_REMOTE_RULES;
use portcullis_engine::{Compatibility, RuleSet};
use portcullis_seclang::include::REMOTE_FAILED;
use portcullis_seclang::{Diagnostic, Environment, Item, LoadError, Severity, Sources};

use crate::fingerprint::Fingerprint;
use crate::layout::{ACTIVATED_RULES, CONFIGURATION, MODULES};
use crate::looks::Looks;
use crate::read::Reader;
use crate::site::Site;
use crate::tree;

/// A site as read.
#[derive(Debug)]
pub struct Loaded {
    /// The rules; `None` when there is an error.
    pub rule_set: Option<Arc<RuleSet>>,
    /// Everything there is to say, in the order in which it is drawn.
    pub diagnostics: Vec<Diagnostic>,
    /// The files the diagnostics point into.
    pub sources: Sources,
    /// The content of every file that was read: rules, data files, Unicode map.
    pub fingerprint: Fingerprint,
    /// Those of the site, the folders whose listing matters, and files that were asked for in vain.
    pub looks: Looks,
}

impl Loaded {
    /// Whether there is no rule set because of errors.
    pub fn has_errors(&self) -> bool {
        self.rule_set.is_none()
    }
}

impl Site {
    /// Reads and compiles the site.
    pub fn load(&self, compatibility: Compatibility) -> Loaded {
        self.load_with_items(compatibility).0
    }

    /// The same, and the directives that were compiled.
    pub(crate) fn load_with_items(&self, compatibility: Compatibility) -> (Loaded, Vec<Item>) {
        let reader = self.reader();
        let mut diagnostics = tree::check(self.root(), self.files());
        let mut configuration = self.read(&reader);
        if portcullis_engine::compile::remote_failures_warn(&configuration.items) {
            let remote = |finding: &&mut Diagnostic| finding.code == REMOTE_FAILED;
            configuration.diagnostics.iter_mut().filter(remote).for_each(|f| f.severity = Severity::Warning);
        }
        let remote_failed = configuration.diagnostics.iter().any(|finding| finding.code == REMOTE_FAILED);
        diagnostics.append(&mut configuration.diagnostics);
        let read_file = |path: &std::path::Path| reader.content(path).map_err(|error| error.to_string());
        let variables: Vec<_> =
            std::env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec())).collect();
        let secret = secret().unwrap_or_else(|message| {
            diagnostics.push(Diagnostic::new(Severity::Error, "no-random-bytes", None, message));
            [0; 32]
        });
        let environment = portcullis_engine::Environment {
            read_file: &read_file,
            variables: &variables,
            secret,
            compatibility,
        };
        let (rule_set, mut found) =
            portcullis_engine::compile(&configuration.items, &configuration.sources, &environment);
        // Why is known better already.
        found.retain(|finding| !(remote_failed && finding.code == UNREAD_REMOTE_RULES));
        diagnostics.extend(found);
        // The renderer's order; the sort is stable, so findings without a place keep theirs.
        diagnostics.sort_by_key(|finding| finding.span.map(|span| (span.file, span.start, span.end)));
        let failed = diagnostics.iter().any(|finding| finding.severity == Severity::Error);
        let (looks, fingerprint) = reader.into_looks();
        let loaded = Loaded {
            rule_set: rule_set.filter(|_| !failed).map(Arc::new),
            diagnostics,
            sources: configuration.sources,
            fingerprint,
            looks,
        };
        (loaded, configuration.items)
    }

    /// Reads the configuration without compiling it. Entry files that are symbolic links are left out; the caller has
    /// them from [`tree::check`].
    pub(crate) fn read(&self, reader: &Reader) -> portcullis_seclang::Loaded {
        let mut entries = vec![self.root().join(CONFIGURATION)];
        let folder = self.root().join(ACTIVATED_RULES);
        let mut unlisted = None;
        match reader.list(&folder) {
            Ok(names) => entries.extend(names.iter().filter(|n| is_rule_file(n)).map(|n| folder.join(n))),
            Err(error) => unlisted = Some(unreadable_folder(&folder, &error)),
        }
        entries.retain(|path| !self.is_link(path));
        let environment = Environment {
            loader: reader,
            module: &|name| MODULES.contains(&name),
            define: &|name| self.defines(name),
        };
        let mut loaded = portcullis_seclang::load(&entries, &environment);
        loaded.diagnostics.extend(unlisted);
        loaded
    }
}

/// `*.conf` but for hidden files, as httpd's `Include *.conf` would take them.
fn is_rule_file(name: &std::path::Path) -> bool {
    crate::fnmatch::matches(b"*.conf", name.as_os_str().as_encoded_bytes())
}

fn unreadable_folder(folder: &std::path::Path, error: &LoadError) -> Diagnostic {
    let message = format!("cannot list `{}`: {error}", folder.display());
    Diagnostic::new(Severity::Error, "unreadable-folder", None, message)
}

/// Random bytes of this process.
fn secret() -> Result<[u8; 32], String> {
    static SECRET: OnceLock<[u8; 32]> = OnceLock::new();
    if let Some(known) = SECRET.get() {
        return Ok(*known);
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system has no random bytes: {error}"))?;
    Ok(*SECRET.get_or_init(|| bytes))
}
