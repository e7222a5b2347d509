//! Differences between two texts and between two states of a site, in the form of `diff -u`.
//!
//! `unified("a/x.conf", old, "b/x.conf", new)` → `--- a/x.conf`, `+++ b/x.conf`, hunks with three lines of context; empty when
//! the texts are equal. A file with a NUL byte is not shown line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gix::ObjectId;
use imara_diff::{Algorithm, BasicLineDiffPrinter, Diff, InternedInput, UnifiedDiffConfig};

use super::{Edit, EditKind, History, HistoryError};

/// What changed in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// The file, relative to the site's root, and what happened to it.
    pub edit: Edit,
    /// In the form of `diff -u`.
    pub text: String,
}

/// The difference of two texts; `None` stands for a file that is not there. Bytes that are not UTF-8 are shown as `�`.
pub fn unified(name: &Path, old: Option<&[u8]>, new: Option<&[u8]>) -> String {
    if old == new {
        return String::new();
    }
    let side = |prefix: &str, content: Option<&[u8]>| match content {
        Some(_) => format!("{prefix}/{}", name.display()),
        None => "/dev/null".to_owned(),
    };
    let head = (side("a", old), side("b", new));
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    if old.contains(&0) || new.contains(&0) {
        return format!("Binary files {} and {} differ\n", head.0, head.1);
    }
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let input = InternedInput::new(&*old, &*new);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let printer = BasicLineDiffPrinter(&input.interner);
    let hunks = diff.unified_diff(&printer, UnifiedDiffConfig::default(), &input);
    format!("--- {}\n+++ {}\n{hunks}", head.0, head.1)
}

impl History {
    /// What changed in the folder since a revision, whether committed or not.
    ///
    /// # Errors
    /// When the revision is not known, or the folder or the repository cannot be read.
    pub fn changes_since(&self, revision: &str) -> Result<Vec<FileDiff>, HistoryError> {
        let id = self.resolve(revision)?;
        let files = self.files_of(id, revision)?;
        let old: BTreeMap<PathBuf, ObjectId> =
            files.into_iter().filter(|file| !file.kind_is_link()).map(|file| (file.path, file.id)).collect();
        let present = self.present(&old)?;
        let paths: BTreeSet<&PathBuf> = old.keys().chain(present.keys()).collect();
        let mut found = Vec::new();
        for path in paths {
            let kind = match (old.get(path), present.get(path)) {
                (Some(before), Some(now)) if before == now => continue,
                (Some(_), Some(_)) => EditKind::Changed,
                (Some(_), None) => EditKind::Removed,
                (None, _) => EditKind::Added,
            };
            let before = old.get(path).map(|id| self.blob(*id)).transpose()?;
            let now = present.contains_key(path).then(|| std::fs::read(self.root.join(path))).transpose();
            let now = now.map_err(|error| HistoryError::Read {
                path: self.root.join(path),
                reason: crate::error::reason(&error),
            })?;
            let text = unified(path, before.as_deref(), now.as_deref());
            found.push(FileDiff { edit: Edit { path: path.clone(), kind }, text });
        }
        Ok(found)
    }

    /// What a commit changed: the difference to its first parent, or to nothing.
    ///
    /// # Errors
    /// When the revision is not known, or the repository cannot be read.
    pub fn changes_of(&self, revision: &str) -> Result<Vec<FileDiff>, HistoryError> {
        let id = self.resolve(revision)?;
        let commit = self.repository.find_commit(id);
        let commit = commit.map_err(|error| self.failed("a commit cannot be read", &error))?;
        let files = |id: ObjectId| -> Result<BTreeMap<PathBuf, ObjectId>, HistoryError> {
            let files = self.files_of(id, revision)?.into_iter();
            Ok(files.filter(|file| !file.kind_is_link()).map(|file| (file.path, file.id)).collect())
        };
        let new = files(id)?;
        let old = commit.parent_ids().next().map(|parent| files(parent.detach())).transpose()?;
        let old = old.unwrap_or_default();
        let mut found = Vec::new();
        for path in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let kind = match (old.get(path), new.get(path)) {
                (Some(before), Some(after)) if before == after => continue,
                (Some(_), Some(_)) => EditKind::Changed,
                (Some(_), None) => EditKind::Removed,
                (None, _) => EditKind::Added,
            };
            let content =
                |files: &BTreeMap<PathBuf, ObjectId>| files.get(path).map(|id| self.blob(*id)).transpose();
            let text = unified(path, content(&old)?.as_deref(), content(&new)?.as_deref());
            found.push(FileDiff { edit: Edit { path: path.clone(), kind }, text });
        }
        Ok(found)
    }

    /// The changes that bring the folder back to a revision.
    ///
    /// # Errors
    /// As [`History::changes_since`].
    pub fn changes_to(&self, revision: &str) -> Result<crate::Changes, HistoryError> {
        let id = self.resolve(revision)?;
        let old: BTreeMap<PathBuf, ObjectId> = self
            .files_of(id, revision)?
            .into_iter()
            .filter(|file| !file.kind_is_link())
            .map(|file| (file.path, file.id))
            .collect();
        let mut changes = crate::Changes::default();
        for diff in self.changes_since(revision)? {
            match old.get(&diff.edit.path) {
                Some(id) => changes.write(diff.edit.path, self.blob(*id)?),
                None => changes.remove(diff.edit.path),
            }
        }
        Ok(changes)
    }
}
