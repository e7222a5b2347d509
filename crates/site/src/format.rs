//! `fmt`: every rule file of a site in the formatter's layout.
//!
//! `⇥SecRule ARGS   "@rx x" "id:1"` in `rules/activated_rules/a.conf` → a change of that file. Formatted are the files that the
//! configuration consists of, and `*.conf` and `*.conf.example` anywhere below the root, so that a set that runs and its source stay equal. What a
//! file says does not change ([`portcullis_seclang::print`]): only the lines on which rules stand may.
//!
//! A file that has errors is left alone and its errors are reported; the others are formatted all the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use portcullis_seclang::{Diagnostic, Severity, Sources, format_file};

use crate::changes::Changes;
use crate::error::{SiteError, reason};
use crate::files::Kind;
use crate::layout::{DATA, LOGS};
use crate::site::Site;
use crate::tree::MAX_ENTRIES;

/// What formatting a site would do.
#[derive(Debug)]
pub struct Formatted {
    /// The files that would change.
    pub changes: Changes,
    /// How many files were looked at.
    pub files: usize,
    /// Why files were left alone.
    pub diagnostics: Vec<Diagnostic>,
    /// What the diagnostics point into.
    pub sources: Sources,
}

impl Site {
    /// Formats every rule file; nothing is written.
    ///
    /// # Errors
    /// When a folder or file cannot be read.
    pub fn format_change(&self) -> Result<Formatted, SiteError> {
        let paths = self.rule_files()?;
        let mut formatted = Formatted {
            changes: Changes::default(),
            files: paths.len(),
            diagnostics: Vec::new(),
            sources: Sources::default(),
        };
        for path in paths {
            let text = self.text(&path)?;
            let id = formatted.sources.add(self.root().join(&path), text);
            match format_file(&formatted.sources, id) {
                Ok(text) if text == formatted.sources.file(id).text => {}
                Ok(text) => formatted.changes.write(path, text),
                Err(found) => formatted
                    .diagnostics
                    .extend(found.into_iter().filter(|finding| finding.severity == Severity::Error)),
            }
        }
        Ok(formatted)
    }

    /// What the configuration consists of, and everything that looks like it, relative to the root.
    fn rule_files(&self) -> Result<BTreeSet<PathBuf>, SiteError> {
        let reader = self.reader();
        let read = self.read(&reader);
        let mut files: BTreeSet<PathBuf> = read
            .sources
            .files()
            .iter()
            .filter_map(|file| reader.below_root(&file.path))
            .filter(|path| self.files().kind(path).is_ok_and(|kind| kind == Kind::File))
            .collect();
        let mut folders = vec![PathBuf::new()];
        let mut entries = 0;
        while let Some(folder) = folders.pop() {
            let listed = self.files().list(&folder).map_err(|error| SiteError::Read {
                path: self.root().join(&folder),
                reason: reason(&error),
            })?;
            entries += listed.len();
            if entries > MAX_ENTRIES {
                let reason = format!("it holds more than {MAX_ENTRIES} files and folders");
                return Err(SiteError::Read { path: self.root().to_path_buf(), reason });
            }
            for (name, kind) in listed {
                let path = folder.join(&name);
                match kind {
                    Kind::Folder if is_configuration(&path) => folders.push(path),
                    Kind::File if is_rule_file(&path) => drop(files.insert(path)),
                    _ => {}
                }
            }
        }
        Ok(files)
    }
}

/// Whether a folder belongs to the configuration: neither version control's nor what instances write.
fn is_configuration(folder: &Path) -> bool {
    !folder.ends_with(".git") && folder != Path::new(LOGS) && folder != Path::new(DATA)
}

fn is_rule_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with('.') && (name.ends_with(".conf") || name.ends_with(".conf.example"))
}
