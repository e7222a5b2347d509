//! A site that is there: its root, and where its parts are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::changes::Changes;
use crate::edit;
use crate::error::{SiteError, reason};
use crate::files::{Changed, Files, Folder, Kind};
use crate::layout::{ACTIVATED_RULES, CONFIGURATION};
use crate::read::Reader;
use crate::remote_files::RemoteFiles;

/// A folder, or a revision of one, with the layout of a site.
#[derive(Debug, Clone)]
pub struct Site {
    root: PathBuf,
    files: Arc<dyn Files>,
    defines: Vec<String>,
    remote: RemoteFiles,
}

impl Site {
    /// Opens a site: checks that the layout is there and reads nothing yet.
    ///
    /// # Errors
    /// When the folder, `modsecurity.conf` or `rules/activated_rules` is missing. A missing `activated_rules` is not taken
    /// for an empty one: a site without rules protects nothing, and should say so itself.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, SiteError> {
        let root = root.into();
        Self::of(root.clone(), Arc::new(Folder(root)))
    }

    /// A site whose files come from elsewhere than the folder its paths begin with.
    pub(crate) fn of(root: PathBuf, files: Arc<dyn Files>) -> Result<Self, SiteError> {
        let exists = |path: &str| match files.kind(Path::new(path)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(SiteError::Read { path: root.join(path), reason: reason(&error) }),
        };
        if !exists("")? {
            return Err(SiteError::NoFolder { root });
        }
        for missing in [CONFIGURATION, ACTIVATED_RULES] {
            if !exists(missing)? {
                return Err(SiteError::Incomplete { root, missing });
            }
        }
        Ok(Self { root, files, defines: Vec::new(), remote: RemoteFiles::default() })
    }

    /// Sets the names for which `<IfDefine NAME>` holds (httpd's `-D NAME`).
    pub fn with_defines(mut self, names: Vec<String>) -> Self {
        self.defines = names;
        self
    }

    /// Sets the files elsewhere that the site may use; without it, none.
    pub fn with_remote_files(mut self, remote: RemoteFiles) -> Self {
        self.remote = remote;
        self
    }

    /// The root as it was given.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The content of a file, below the root; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, is no regular file, or is longer than `limit`.
    pub fn read_file(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, SiteError> {
        let wrong = |reason: String| SiteError::Read { path: self.root.join(path), reason };
        match self.files.kind(Path::new(path)) {
            Ok(Kind::File) => {}
            Ok(_) => return Err(wrong("it is not a regular file".to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(reason(&error))),
        }
        let content = self.files.read(Path::new(path), limit + 1).map_err(|error| wrong(reason(&error)))?;
        if content.len() as u64 > limit {
            return Err(wrong(format!("it is larger than {limit} bytes")));
        }
        Ok(Some(content))
    }

    /// The site as it would be with these changes; nothing is written.
    pub fn with_changes(&self, changes: &Changes) -> Self {
        let files = Changed { base: Arc::clone(&self.files), changes: changes.clone() };
        Self { files: Arc::new(files), ..self.clone() }
    }

    /// Makes changes: each file in one step, in the order of their paths.
    ///
    /// # Errors
    /// When a file cannot be written or removed; those before it are changed then.
    pub fn write(&self, changes: &Changes) -> Result<(), SiteError> {
        for (path, content) in changes.iter() {
            let place = self.root.join(path);
            let written = match content {
                None => fs::remove_file(&place).or_else(|error| match error.kind() {
                    io::ErrorKind::NotFound => Ok(()),
                    _ => Err(error),
                }),
                Some(content) if place.exists() => edit::replace(&place, content),
                Some(content) => place
                    .parent()
                    .map_or(Ok(()), fs::create_dir_all)
                    .and_then(|()| edit::create(&place, content)),
            };
            written.map_err(|error| SiteError::Write { path: place, reason: reason(&error) })?;
        }
        Ok(())
    }

    pub(crate) fn files(&self) -> &dyn Files {
        &*self.files
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::new(&self.root, Arc::clone(&self.files), self.remote.clone())
    }

    /// Whether a path below the root is a symbolic link.
    pub(crate) fn is_link(&self, path: &Path) -> bool {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        self.files.kind(relative).is_ok_and(|kind| kind == Kind::Link)
    }

    pub(crate) fn defines(&self, name: &str) -> bool {
        self.defines.iter().any(|define| define == name)
    }
}
