//! A revision of a site as files to read, straight from the object database.
//!
//! `site(commit)` → a [`Site`] whose paths begin with the site's folder and whose contents are the commit's. Nothing is checked
//! out. The whole tree is read at once, so the site stays what it is when the repository changes.
//!
//! Limits: [`MAX_ENTRIES`] files, [`MAX_BYTES`] bytes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::tree::EntryKind;

use super::{History, HistoryError};
use crate::files::{Kind, Snapshot};
use crate::site::Site;
use crate::tree::MAX_ENTRIES;

/// How many bytes the files of a site may have together.
const MAX_BYTES: u64 = 512 << 20;

/// A file of a tree.
pub(super) struct TreeFile {
    /// Relative to the site's root.
    pub(super) path: PathBuf,
    pub(super) kind: EntryKind,
    pub(super) id: ObjectId,
}

impl TreeFile {
    /// Links and submodules: a site has none.
    pub(super) fn kind_is_link(&self) -> bool {
        matches!(self.kind, EntryKind::Link | EntryKind::Commit)
    }
}

impl History {
    /// The site as a commit has it.
    pub(super) fn site(&self, commit: ObjectId, revision: &str) -> Result<Site, HistoryError> {
        let snapshot = self.snapshot(commit, revision)?;
        Site::of(self.root.clone(), Arc::new(snapshot)).map_err(|_| HistoryError::NoSite {
            revision: revision.to_owned(),
            folder: Path::new("/").join(&self.prefix),
        })
    }

    fn snapshot(&self, commit: ObjectId, revision: &str) -> Result<Snapshot, HistoryError> {
        let mut snapshot = Snapshot::default();
        let mut left = MAX_BYTES;
        for file in self.files_of(commit, revision)? {
            let kind = match file.kind {
                EntryKind::Blob | EntryKind::BlobExecutable => Kind::File,
                EntryKind::Link => Kind::Link,
                EntryKind::Tree | EntryKind::Commit => Kind::Other,
            };
            let content = if kind == Kind::Other { Vec::new() } else { self.blob(file.id)? };
            left = left
                .checked_sub(content.len() as u64)
                .ok_or_else(|| HistoryError::TooLarge { revision: revision.to_owned(), limit: "512 MiB" })?;
            snapshot.files.insert(file.path, (kind, content));
        }
        Ok(snapshot)
    }

    /// The files below the site's folder in a commit; none when it does not have the folder.
    pub(super) fn files_of(&self, commit: ObjectId, revision: &str) -> Result<Vec<TreeFile>, HistoryError> {
        let failed = |error: gix::Error| self.failed("a tree cannot be read", &error);
        let mut files = Vec::new();
        let Some(root) = self.site_tree(commit)? else { return Ok(files) };
        let mut folders = vec![(PathBuf::new(), root)];
        while let Some((folder, id)) = folders.pop() {
            let tree = self.repository.find_tree(id).map_err(failed)?;
            for entry in tree.iter() {
                let entry = entry.map_err(failed)?;
                let path = folder.join(entry.filename().to_string());
                match entry.mode().kind() {
                    EntryKind::Tree => folders.push((path, entry.object_id())),
                    kind => files.push(TreeFile { path, kind, id: entry.object_id() }),
                }
                if files.len() + folders.len() > MAX_ENTRIES {
                    let revision = revision.to_owned();
                    return Err(HistoryError::TooLarge { revision, limit: "100000 files" });
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The tree of the site's folder in a commit.
    pub(super) fn site_tree(&self, commit: ObjectId) -> Result<Option<ObjectId>, HistoryError> {
        let failed = |error: gix::Error| self.failed("a commit cannot be read", &error);
        let tree = self.repository.find_commit(commit).map_err(failed)?.tree().map_err(failed)?;
        if self.prefix == Path::new("") {
            return Ok(Some(tree.id));
        }
        let entry = tree.lookup_entry_by_path(&self.prefix).map_err(failed)?;
        Ok(entry.filter(|entry| entry.mode().is_tree()).map(|entry| entry.object_id()))
    }

    /// A file of the commit that is checked out.
    pub(super) fn head_file(&self, path: &Path) -> Result<Option<ObjectId>, HistoryError> {
        let Some(head) = self.head() else { return Ok(None) };
        let failed = |error: gix::Error| self.failed("a commit cannot be read", &error);
        let tree = self.repository.find_commit(head).map_err(failed)?.tree().map_err(failed)?;
        let entry = tree.lookup_entry_by_path(self.prefix.join(path)).map_err(failed)?;
        Ok(entry.filter(|entry| entry.mode().is_blob()).map(|entry| entry.object_id()))
    }

    /// The content of an object.
    pub(super) fn blob(&self, id: ObjectId) -> Result<Vec<u8>, HistoryError> {
        let mut blob = self
            .repository
            .find_object(id)
            .map_err(|error| self.failed("an object cannot be read", &error))?;
        Ok(std::mem::take(&mut blob.data))
    }
}
