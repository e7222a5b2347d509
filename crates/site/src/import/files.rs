//! The files of the machine, or of a copy of another one's.
//!
//! With the root `/backup`, `/etc/modsecurity/modsecurity.conf` is read from `/backup/etc/modsecurity/modsecurity.conf`, under its own name. Links are followed: the
//! server would follow them, and a site gets copies.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use portcullis_seclang::{LoadError, Loader};

use crate::error::reason;
use crate::fnmatch;

/// See the module.
#[derive(Debug)]
pub(super) struct Tree {
    root: Option<PathBuf>,
}

impl Tree {
    pub(super) fn new(root: Option<&Path>) -> Self {
        Self { root: root.map(Path::to_path_buf) }
    }

    /// What the owner named, as the configuration would name it.
    pub(super) fn named(&self, path: &Path) -> PathBuf {
        match self.root.as_deref().and_then(|root| path.strip_prefix(root).ok()) {
            Some(below) => Path::new("/").join(below),
            None => path.to_path_buf(),
        }
    }

    /// Where a path of the configuration is.
    pub(super) fn real(&self, path: &Path) -> PathBuf {
        match (&self.root, path.strip_prefix("/")) {
            (Some(root), Ok(below)) => root.join(below),
            _ => path.to_path_buf(),
        }
    }

    pub(super) fn is_file(&self, path: &Path) -> bool {
        self.real(path).is_file()
    }

    pub(super) fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(self.real(path))
    }

    fn names(&self, folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.real(folder)).into_iter().flatten().flatten();
        let mut names: Vec<PathBuf> = entries.map(|entry| PathBuf::from(entry.file_name())).collect();
        names.sort_unstable_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
        names
    }

    /// The files that a pattern matches, in byte order.
    pub(super) fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        let mut found = vec![PathBuf::new()];
        for part in pattern.components() {
            let bytes = part.as_os_str().as_encoded_bytes();
            let is_wild = matches!(part, Component::Normal(_)) && bytes.iter().any(|b| b"*?[".contains(b));
            found = found
                .iter()
                .flat_map(|folder| match is_wild {
                    false => vec![folder.join(part)],
                    true => {
                        let names = self.names(folder).into_iter();
                        let fits =
                            |name: &PathBuf| fnmatch::matches(bytes, name.as_os_str().as_encoded_bytes());
                        names.filter(fits).map(|name| folder.join(name)).collect()
                    }
                })
                .collect();
        }
        found.retain(|path| self.real(path).exists());
        found
    }
}

impl Loader for Tree {
    fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        if self.real(path).is_dir() {
            return Err(LoadError::Folder);
        }
        self.bytes(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => LoadError::NotFound,
            _ => LoadError::Other(reason(&error)),
        })
    }

    fn glob(&self, pattern: &Path) -> Result<Vec<PathBuf>, LoadError> {
        Ok(self.matching(pattern))
    }
}
