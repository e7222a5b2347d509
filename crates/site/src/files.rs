//! Where a site's files come from: a folder, a revision in a git repository, or either with changes that are not written yet.
//!
//! `kind("rules/x.conf")` → [`Kind::File`], `read` → its bytes, `list("rules")` → names and kinds. [`crate::read`] and
//! [`crate::tree`] read sites through this, so a branch can be checked and run without a checkout, and a change can be
//! validated before it is written. Paths are relative to the site's root and have no `.` or `..`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::changes::Changes;

/// What a path is; links are not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, a socket, a submodule.
    Other,
}

/// A source of files.
pub(crate) trait Files: Debug + Send + Sync {
    /// What a path is; the error says when it is not there.
    fn kind(&self, path: &Path) -> io::Result<Kind>;
    /// The content of a regular file, of which at most `limit` bytes are wanted.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;
    /// The entries of a folder in no particular order.
    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>>;
    /// What a link points to, for messages.
    fn link(&self, path: &Path) -> io::Result<PathBuf>;
}

/// Files of a folder.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl From<fs::FileType> for Kind {
    fn from(kind: fs::FileType) -> Self {
        if kind.is_symlink() {
            Kind::Link
        } else if kind.is_dir() {
            Kind::Folder
        } else if kind.is_file() {
            Kind::File
        } else {
            Kind::Other
        }
    }
}

impl Files for Folder {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        // The root itself may be a link: whoever names it has chosen it.
        let metadata = if path == Path::new("") {
            fs::metadata(&self.0)?
        } else {
            fs::symlink_metadata(self.0.join(path))?
        };
        Ok(metadata.file_type().into())
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        File::open(self.0.join(path))?.take(limit).read_to_end(&mut content)?;
        Ok(content)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        fs::read_dir(self.0.join(path))?
            .map(|entry| {
                let entry = entry?;
                Ok((entry.file_name(), entry.file_type()?.into()))
            })
            .collect()
    }

    fn link(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(self.0.join(path))
    }
}

/// Files that lie in memory.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// Contents, and what is no file; folders are those that lead to one.
    pub(crate) files: BTreeMap<PathBuf, (Kind, Vec<u8>)>,
}

impl Files for Snapshot {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        if let Some((kind, _)) = self.files.get(path) {
            return Ok(*kind);
        }
        let below = self.files.range(path.to_path_buf()..).next();
        let is_folder = path == Path::new("") || below.is_some_and(|(file, _)| file.starts_with(path));
        if is_folder { Ok(Kind::Folder) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        match self.files.get(path) {
            Some((Kind::File, content)) => {
                let wanted = usize::try_from(limit).unwrap_or(usize::MAX).min(content.len());
                Ok(content[..wanted].to_vec())
            }
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        if self.kind(path)? != Kind::Folder {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let mut names = BTreeMap::new();
        for (file, (kind, _)) in self.files.range(path.to_path_buf()..) {
            let Ok(rest) = file.strip_prefix(path) else { break };
            let mut parts = rest.components();
            let Some(name) = parts.next() else { continue };
            let kind = if parts.next().is_some() { Kind::Folder } else { *kind };
            names.insert(name.as_os_str().to_owned(), kind);
        }
        Ok(names.into_iter().collect())
    }

    fn link(&self, path: &Path) -> io::Result<PathBuf> {
        match self.files.get(path) {
            Some((Kind::Link, to)) => Ok(PathBuf::from(String::from_utf8_lossy(to).into_owned())),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

/// Files with changes over them.
#[derive(Debug)]
pub(crate) struct Changed {
    /// What is there.
    pub(crate) base: Arc<dyn Files>,
    /// What would be.
    pub(crate) changes: Changes,
}

impl Changed {
    fn new_below(&self, path: &Path) -> impl Iterator<Item = PathBuf> {
        self.changes
            .iter()
            .filter(|(_, content)| content.is_some())
            .filter_map(|(file, _)| file.strip_prefix(path).ok().map(Path::to_path_buf))
            .collect::<Vec<_>>()
            .into_iter()
    }
}

impl Files for Changed {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        match self.changes.get(path) {
            Some(Some(_)) => Ok(Kind::File),
            Some(None) => Err(io::ErrorKind::NotFound.into()),
            None if self.new_below(path).next().is_some() => Ok(Kind::Folder),
            None => self.base.kind(path),
        }
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        match self.changes.get(path) {
            Some(Some(content)) => {
                let wanted = usize::try_from(limit).unwrap_or(usize::MAX).min(content.len());
                Ok(content[..wanted].to_vec())
            }
            Some(None) => Err(io::ErrorKind::NotFound.into()),
            None => self.base.read(path, limit),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(OsString, Kind)>> {
        let mut entries = match self.base.list(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let added: BTreeSet<(OsString, bool)> = self
            .new_below(path)
            .filter_map(|rest| {
                let mut parts = rest.components();
                let name = parts.next()?.as_os_str().to_owned();
                Some((name, parts.next().is_some()))
            })
            .collect();
        entries.retain(|(name, _)| self.changes.get(&path.join(name)).is_none());
        for (name, is_folder) in added {
            if !entries.iter().any(|(known, _)| *known == name) {
                entries.push((name, if is_folder { Kind::Folder } else { Kind::File }));
            }
        }
        if entries.is_empty() {
            self.kind(path)?;
        }
        Ok(entries)
    }

    fn link(&self, path: &Path) -> io::Result<PathBuf> {
        self.base.link(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(names: &[&str]) -> Snapshot {
        let files = names.iter().map(|name| (PathBuf::from(name), (Kind::File, name.as_bytes().to_vec())));
        Snapshot { files: files.collect() }
    }

    fn names(files: &dyn Files, path: &str) -> Vec<String> {
        let mut names: Vec<String> = files
            .list(Path::new(path))
            .unwrap()
            .into_iter()
            .map(|(name, kind)| format!("{}:{kind:?}", name.to_string_lossy()))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn folders_of_a_snapshot_are_what_leads_to_files() {
        let files = snapshot(&["a.conf", "rules/x/1.conf", "rules/x/2.conf", "rules/x-y.conf"]);
        assert_eq!(names(&files, ""), ["a.conf:File", "rules:Folder"]);
        assert_eq!(names(&files, "rules"), ["x-y.conf:File", "x:Folder"]);
        assert_eq!(names(&files, "rules/x"), ["1.conf:File", "2.conf:File"]);
        assert_eq!(files.kind(Path::new("rules/x")).unwrap(), Kind::Folder);
        assert!(files.kind(Path::new("rules/y")).is_err());
        assert!(files.list(Path::new("a.conf")).is_err());
    }

    #[test]
    fn changes_hide_add_and_replace() {
        let base: Arc<dyn Files> = Arc::new(snapshot(&["a", "b", "d/x"]));
        let mut changes = Changes::default();
        changes.remove("a");
        changes.write("b", b"new".to_vec());
        changes.write("d/y", b"y".to_vec());
        changes.write("e/z", b"z".to_vec());
        let files = Changed { base, changes };
        assert_eq!(names(&files, ""), ["b:File", "d:Folder", "e:Folder"]);
        assert_eq!(names(&files, "d"), ["x:File", "y:File"]);
        assert_eq!(names(&files, "e"), ["z:File"]);
        assert_eq!(files.read(Path::new("b"), 100).unwrap(), b"new");
        assert!(files.kind(Path::new("a")).is_err());
    }
}
