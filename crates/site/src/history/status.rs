//! What differs between a site's folder and the commit that is checked out.
//!
//! A file that an editor changed → [`EditKind::Changed`], one that was copied in by hand → [`EditKind::Added`]. Contents are
//! compared, not times. Files that `.gitignore` excludes do not count, nor does what instances write (`logs`, `data`) unless
//! it is committed.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::{History, HistoryError};
use crate::error::reason;
use crate::files::{Files, Folder, Kind};
use crate::layout::{DATA, LOGS};
use crate::tree::MAX_ENTRIES;

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file, relative to the site's root.
    pub path: PathBuf,
    /// What happened to it.
    pub kind: EditKind,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditKind {
    /// It was not there.
    Added,
    /// Its content was another.
    Changed,
    /// It is gone.
    Removed,
}

impl std::fmt::Display for EditKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            EditKind::Added => "added",
            EditKind::Changed => "changed",
            EditKind::Removed => "removed",
        })
    }
}

impl History {
    /// What is not committed, in the order of the paths.
    ///
    /// # Errors
    /// When the folder or the repository cannot be read.
    pub fn uncommitted(&self) -> Result<Vec<Edit>, HistoryError> {
        let committed = self.head_files()?;
        let present = self.present(&committed)?;
        let mut edits = Vec::new();
        for (path, id) in &present {
            match committed.get(path) {
                None => edits.push(Edit { path: path.clone(), kind: EditKind::Added }),
                Some(known) if known != id => {
                    edits.push(Edit { path: path.clone(), kind: EditKind::Changed });
                }
                Some(_) => {}
            }
        }
        for path in committed.keys().filter(|path| !present.contains_key(*path)) {
            edits.push(Edit { path: path.clone(), kind: EditKind::Removed });
        }
        edits.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(edits)
    }

    /// Files of the commit that is checked out.
    fn head_files(&self) -> Result<BTreeMap<PathBuf, ObjectId>, HistoryError> {
        let Some(head) = self.head() else { return Ok(BTreeMap::new()) };
        let files = self.files_of(head, "HEAD")?;
        Ok(files.into_iter().filter(|file| !file.kind_is_link()).map(|file| (file.path, file.id)).collect())
    }

    /// Files in the folder that are committed or would be.
    pub(super) fn present(
        &self,
        committed: &BTreeMap<PathBuf, ObjectId>,
    ) -> Result<BTreeMap<PathBuf, ObjectId>, HistoryError> {
        let folder = Folder(self.root.clone());
        let wrong = |path: &Path, error: &io::Error| HistoryError::Read {
            path: self.root.join(path),
            reason: reason(error),
        };
        let mut found = BTreeMap::new();
        let mut folders = vec![PathBuf::new()];
        let mut candidates = Vec::new();
        while let Some(place) = folders.pop() {
            for (name, kind) in folder.list(&place).map_err(|error| wrong(&place, &error))? {
                let path = place.join(&name);
                match kind {
                    Kind::Folder if name == ".git" => {}
                    // A repository of its own.
                    Kind::Folder if self.root.join(&path).join(".git").exists() => {}
                    Kind::Folder => folders.push(path),
                    Kind::File => candidates.push(path),
                    Kind::Link | Kind::Other => {}
                }
            }
            if candidates.len() + folders.len() > MAX_ENTRIES {
                return Err(HistoryError::TooLarge { revision: "HEAD".to_owned(), limit: "100000 files" });
            }
        }
        let written = |path: &Path| path.starts_with(LOGS) || path.starts_with(DATA);
        for path in candidates {
            let counts = committed.contains_key(&path)
                || (!written(&path) || path.ends_with(".gitignore")) && !self.ignores(&path)?;
            if counts {
                let content = folder.read(&path, u64::MAX).map_err(|error| wrong(&path, &error))?;
                found.insert(path, self.id_of(&content)?);
            }
        }
        Ok(found)
    }

    /// The id a content would have.
    fn id_of(&self, content: &[u8]) -> Result<ObjectId, HistoryError> {
        gix::objs::compute_hash(self.repository.object_hash(), gix::objs::Kind::Blob, content)
            .map_err(|error| self.failed("a file cannot be hashed", &error))
    }

    /// Whether `.gitignore` and its like exclude a file.
    pub(super) fn ignores(&self, path: &Path) -> Result<bool, HistoryError> {
        let failed = |error: gix::Error| self.failed("`.gitignore` cannot be read", &error);
        let index = self.repository.index_or_empty().map_err(failed)?;
        let source = gix::worktree::stack::state::ignore::Source::WorktreeThenIdMappingIfNotSkipped;
        let mut excludes = self.repository.excludes(&index, None, source).map_err(failed)?;
        let name = self.in_repository(path);
        let place = excludes.at_path(&name, Some(gix::index::entry::Mode::FILE)).map_err(failed)?;
        Ok(place.is_excluded())
    }
}
