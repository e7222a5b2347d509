//! Configuration into a rule set, for tests: from files on disk, from a text, or from both.
//!
//! `Source::new().text("rules.conf", "SecAction \"id:1,pass\"")` → `compile` → a rule set, or every diagnostic drawn as
//! the command line draws it. Texts stand before the files of the disk: a path that names one is never read.

use portcullis_engine::{Compatibility, Environment, RuleSet, compile};
use portcullis_seclang::{Directive, LoadError, Loader, Severity, Style, load, render};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Texts by name, and the disk behind them.
#[derive(Debug, Clone, Default)]
pub struct Source {
    texts: BTreeMap<PathBuf, Vec<u8>>,
    entries: Vec<PathBuf>,
    variables: Vec<(Vec<u8>, Vec<u8>)>,
    /// Folders of the disk that stand under other names.
    mounts: Vec<(PathBuf, PathBuf)>,
}

impl Source {
    /// An empty configuration.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text that is loaded under this name.
    #[must_use]
    pub fn text(mut self, name: impl Into<PathBuf>, text: impl Into<Vec<u8>>) -> Self {
        let name = name.into();
        self.entries.push(name.clone());
        self.texts.insert(name, text.into());
        self
    }

    /// Adds a text that rules may name (a data file).
    #[must_use]
    pub fn data(mut self, name: impl Into<PathBuf>, text: impl Into<Vec<u8>>) -> Self {
        self.texts.insert(name.into(), text.into());
        self
    }

    /// Lets a folder of the disk stand under another name.
    #[must_use]
    pub fn mount(mut self, name: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        self.mounts.push((name.into(), folder.into()));
        self
    }

    /// Adds a variable of the process.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.entries.push(path.into());
        self
    }

    /// Loads and compiles everything.
    ///
    /// # Errors
    /// All errors and warnings, drawn, when one is an error.
    pub fn compile(&self, compatibility: Compatibility) -> Result<RuleSet, String> {
        let environment = portcullis_seclang::Environment {
            loader: self,
            module: &|name| matches!(name, "security2_module" | "mod_security2.c"),
            define: &|_| false,
        };
        let loaded = load(&self.entries, &environment);
        let draw = |diagnostics: &[_]| render(diagnostics, &loaded.sources, Style::default());
        if loaded.has_errors() {
            return Err(draw(&loaded.diagnostics));
        }
        let read_file = |path: &Path| self.read(path).map_err(|error| error.to_string());
        let environment =
            Environment { read_file: &read_file, variables: &self.variables, secret: [7; 32], compatibility };
        let (rule_set, diagnostics) = compile(&loaded.items, &loaded.sources, &environment);
        let errors: Vec<_> = diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
        rule_set.ok_or_else(|| draw(&errors))
    }
}

impl Source {
    /// Where a path lies on the disk.
    fn on_disk(&self, path: &Path) -> PathBuf {
        let mounted =
            self.mounts.iter().find_map(|(name, folder)| Some(folder.join(path.strip_prefix(name).ok()?)));
        mounted.unwrap_or_else(|| path.to_owned())
    }
}

impl Loader for Source {
    fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        if let Some(text) = self.texts.get(path) {
            return Ok(text.clone());
        }
        std::fs::read(self.on_disk(path)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => LoadError::NotFound,
            _ => LoadError::Other(error.to_string()),
        })
    }

    /// Remote rules are a text under their address.
    fn stands_for(&self, directive: &Directive) -> Option<PathBuf> {
        let is_remote = directive.name.value.eq_ignore_ascii_case("SecRemoteRules");
        let path = PathBuf::from(directive.args.last().filter(|_| is_remote)?.lossy().as_ref());
        self.texts.contains_key(&path).then_some(path)
    }

    /// Wildcards in the last component only; that is all that rule sets use.
    fn glob(&self, pattern: &Path) -> Result<Vec<PathBuf>, LoadError> {
        let folder = pattern.parent().unwrap_or(Path::new("."));
        let name = pattern.file_name().unwrap_or_default().to_string_lossy();
        let Some((head, tail)) = name.split_once('*').filter(|_| !name.contains(['?', '['])) else {
            return Err(LoadError::Other(format!("the pattern {name} is not supported in tests")));
        };
        let entries =
            std::fs::read_dir(self.on_disk(folder)).map_err(|error| LoadError::Other(error.to_string()))?;
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| folder.join(entry.file_name())))
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
            })
            .collect();
        found.sort();
        Ok(found)
    }
}
