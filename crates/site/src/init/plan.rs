//! What a new site will hold, before anything of it is written.
//!
//! `crs` and [`crate::starter`] fill it; `init` writes it. The order is that of writing.

use std::fs;
use std::path::{Path, PathBuf};

use super::InitError;

/// The files of a new site.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Paths relative to the site's root, each once.
    pub(crate) files: Vec<(PathBuf, Vec<u8>)>,
    /// What the rule set is called.
    pub(crate) title: String,
    /// What the owner should know.
    pub(crate) notes: Vec<String>,
}

impl Plan {
    /// Adds a file with a content that is known.
    pub(crate) fn add(
        &mut self,
        path: impl Into<PathBuf>,
        content: impl AsRef<[u8]>,
    ) -> Result<(), InitError> {
        self.insert(path.into(), content.as_ref().to_vec())
    }

    /// Adds a copy of a file; what a symbolic link in the source points to is copied, not the link.
    pub(crate) fn copy(&mut self, from: &Path, path: impl Into<PathBuf>) -> Result<(), InitError> {
        let content = fs::read(from).map_err(|error| InitError::read(from, &error))?;
        self.insert(path.into(), content)
    }

    fn insert(&mut self, path: PathBuf, content: Vec<u8>) -> Result<(), InitError> {
        match self.files.iter().find(|(known, _)| *known == path) {
            None => self.files.push((path, content)),
            Some((_, known)) if *known == content => {}
            Some(_) => return Err(InitError::SameName { path }),
        }
        Ok(())
    }

    /// The content of a planned file.
    pub(crate) fn content(&self, path: &Path) -> Option<&[u8]> {
        self.files.iter().find(|(known, _)| known == path).map(|(_, content)| content.as_slice())
    }
}

/// A regular file (or a link to one) of a folder.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
}

impl Entry {
    /// What stands behind the last dot of the name.
    pub(crate) fn is(&self, extension: &str) -> bool {
        self.path.extension().is_some_and(|found| found == extension)
    }
}

/// The files of a folder in byte order of their names, hidden ones and folders left out.
pub(crate) fn files(folder: &Path) -> Result<Vec<Entry>, InitError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| InitError::read(folder, &error))? {
        let path = entry.map_err(|error| InitError::read(folder, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(InitError::Read { path, reason: "its name is not UTF-8".to_owned() });
        };
        if !name.starts_with('.') && path.is_file() {
            found.push(Entry { name: name.to_owned(), path });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
