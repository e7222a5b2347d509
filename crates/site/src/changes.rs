//! A change of a site before it is made: which files get which content, which ones go.
//!
//! `write("rules/activated_rules/x.conf", …)`, `remove(…)` → [`Site::with_changes`] reads the site as it would be, so that a
//! change is validated before anything is written; [`Site::write`] makes it. Commands build changes, [`crate::history`]
//! records them.
//!
//! [`Site::with_changes`]: crate::Site::with_changes
//! [`Site::write`]: crate::Site::write

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files to write and to remove, by path relative to the site's root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    files: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl Changes {
    /// The file shall have this content.
    pub fn write(&mut self, path: impl Into<PathBuf>, content: Vec<u8>) {
        self.files.insert(path.into(), Some(content));
    }

    /// The file shall be gone.
    pub fn remove(&mut self, path: impl Into<PathBuf>) {
        self.files.insert(path.into(), None);
    }

    /// Adds other changes; of two for a file the other's counts.
    pub fn extend(&mut self, other: Changes) {
        self.files.extend(other.files);
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The paths in byte order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// What shall become of a path: its content, or `Some(None)` when it shall go; `None` when nothing.
    pub fn get(&self, path: &Path) -> Option<&Option<Vec<u8>>> {
        self.files.get(path)
    }

    /// Paths and contents; no content: the file goes.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, Option<&Vec<u8>>)> {
        self.files.iter().map(|(path, content)| (path.as_path(), content.as_ref()))
    }
}
