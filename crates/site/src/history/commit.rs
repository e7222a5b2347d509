//! Recording: changed files of a site become a commit on the branch that is checked out.
//!
//! `record(["modsecurity.conf"], "Switch to protection")` → a commit that changes that file and no other, with the author
//! that git's settings and variables name, else `portcullis`. What somebody has staged elsewhere stays staged.

use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::index::entry::{Flags, Mode, Stat};
use gix::objs::tree::EntryKind;

use super::{CommitId, History, HistoryError};
use crate::error::reason;

/// Name and address of commits where git knows none.
const AUTHOR: (&str, &str) = ("portcullis", "portcullis@localhost");

/// A commit that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub id: CommitId,
    /// The first line of its message.
    pub subject: String,
}

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The name that the history shows.
    pub name: String,
    /// The address beside it.
    pub email: String,
}

/// A file as it lies in the folder.
struct Written {
    path: String,
    /// `None`: it is gone.
    blob: Option<(ObjectId, EntryKind)>,
}

impl History {
    /// Commits these files as they lie in the folder; `None` when that changes nothing.
    ///
    /// # Errors
    /// When a file cannot be read or the repository cannot be written, for example because somebody else holds its lock.
    pub fn record<'a>(
        &self,
        paths: impl IntoIterator<Item = &'a Path>,
        message: &str,
    ) -> Result<Option<Recorded>, HistoryError> {
        self.record_by(paths, message, None)
    }

    /// As [`History::record`], with an author of the caller's. The committer is the one that git's settings name.
    ///
    /// # Errors
    /// As [`History::record`], or the author's name or address cannot stand in a commit.
    pub fn record_by<'a>(
        &self,
        paths: impl IntoIterator<Item = &'a Path>,
        message: &str,
        author: Option<&Author>,
    ) -> Result<Option<Recorded>, HistoryError> {
        let files =
            paths.into_iter().map(|path| self.written(path)).collect::<Result<Vec<_>, HistoryError>>()?;
        let failed = |error: gix::Error| self.failed("a commit cannot be written", &error);
        let head = self.head();
        let old = match head {
            Some(head) => {
                let commit = self.repository.find_commit(head).map_err(failed)?;
                commit.tree_id().map_err(failed)?.detach()
            }
            None => self.repository.empty_tree().id,
        };
        let mut tree = self.repository.edit_tree(old).map_err(failed)?;
        for file in &files {
            match file.blob {
                Some((id, kind)) => tree.upsert(file.path.as_str(), kind, id).map_err(failed)?,
                None => tree.remove(file.path.as_str()).map_err(failed)?,
            };
        }
        let new = tree.write().map_err(failed)?.detach();
        if new == old {
            return Ok(None);
        }
        // The index first: it is what another program may have locked, and then there is no commit to take back.
        self.stage(&files)?;
        let id = self.commit(new, head, message, author)?;
        let subject = message.lines().next().unwrap_or_default().to_owned();
        Ok(Some(Recorded { id: CommitId(id), subject }))
    }

    /// Brings git's index in line with the folder, for files whose commit did not come about.
    pub(super) fn unstage<'a>(&self, paths: impl IntoIterator<Item = &'a Path>) -> Result<(), HistoryError> {
        let files = paths.into_iter().map(|path| self.written(path)).collect::<Result<Vec<_>, _>>()?;
        self.stage(&files)
    }

    fn commit(
        &self,
        tree: ObjectId,
        head: Option<ObjectId>,
        message: &str,
        by: Option<&Author>,
    ) -> Result<ObjectId, HistoryError> {
        let failed = |error: gix::Error| self.failed("a commit cannot be written", &error);
        let mut repository = self.repository.clone();
        let (name, email) = AUTHOR;
        let committer = repository.committer_or_set_fallback(name, email).map_err(failed)?;
        let committer = committer.to_owned().map_err(|error| self.failed("the committer", &error))?;
        let author = match (by, repository.author()) {
            (Some(by), _) => gix::actor::Signature {
                name: by.name.as_str().into(),
                email: by.email.as_str().into(),
                time: committer.time,
            },
            (None, Some(author)) => {
                author.map_err(failed)?.to_owned().map_err(|error| self.failed("the author", &error))?
            }
            (None, None) => committer.clone(),
        };
        let (mut one, mut two) = (Default::default(), Default::default());
        let commit = repository
            .commit_as(committer.to_ref(&mut one), author.to_ref(&mut two), "HEAD", message, tree, head)
            .map_err(failed)?;
        Ok(commit.detach())
    }

    fn written(&self, path: &Path) -> Result<Written, HistoryError> {
        let place = self.root.join(path);
        let name = self.in_repository(path);
        let unreadable =
            |error: &std::io::Error| HistoryError::Read { path: place.clone(), reason: reason(error) };
        let content = match fs::read(&place) {
            Ok(content) => content,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Written { path: name, blob: None });
            }
            Err(error) => return Err(unreadable(&error)),
        };
        let metadata = fs::metadata(&place).map_err(|error| unreadable(&error))?;
        let kind = if is_executable(&metadata) { EntryKind::BlobExecutable } else { EntryKind::Blob };
        let id = self
            .repository
            .write_blob(content)
            .map_err(|error| self.failed("an object cannot be written", &error))?;
        Ok(Written { path: name, blob: Some((id.detach(), kind)) })
    }

    /// Brings git's index along, so that `git status` shows what was committed as clean.
    fn stage(&self, files: &[Written]) -> Result<(), HistoryError> {
        if self.repository.is_bare() {
            return Ok(());
        }
        let failed = |error: gix::Error| self.failed("its index cannot be written", &error);
        let index = self.repository.index_or_empty().map_err(failed)?;
        let mut index = gix::index::File::clone(&index);
        let named = |path: &gix::bstr::BStr| files.iter().any(|file| file.path.as_bytes() == path.as_bytes());
        index.remove_entries(|_, path, _| named(path));
        for file in files {
            let Some((id, kind)) = file.blob else { continue };
            let mode = match kind {
                EntryKind::BlobExecutable => Mode::FILE_EXECUTABLE,
                _ => Mode::FILE,
            };
            // Without times git compares contents once and fills them in itself.
            index.dangerously_push_entry(
                Stat::default(),
                id,
                Flags::empty(),
                mode,
                file.path.as_str().into(),
            );
        }
        index.sort_entries();
        // The cached trees would be those of the last commit.
        index.remove_tree();
        index
            .write(gix::index::write::Options::default())
            .map_err(|error| self.failed("its index cannot be written", &error))
    }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}
