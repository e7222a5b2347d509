//! The commits that changed a site, newest first.
//!
//! Only those count after which the site's folder has another content than in each parent: in a larger repository the others are
//! nobody's business here. Of a merge that took one side unchanged, that side's history is what shows.

use std::collections::HashSet;

use gix::ObjectId;
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use super::{CommitId, History, HistoryError};

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: CommitId,
    /// Who made the change.
    pub author: String,
    /// When it was committed, seconds since the Unix epoch.
    pub seconds: i64,
    /// The first line of its message.
    pub subject: String,
    /// The rest of it.
    pub body: String,
}

impl History {
    /// Commits that changed the site, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn entries(&self, limit: usize) -> Result<Vec<Entry>, HistoryError> {
        let failed = |error: gix::Error| self.failed("its history cannot be read", &error);
        let Some(head) = self.head() else { return Ok(Vec::new()) };
        let order = Sorting::ByCommitTime(CommitTimeOrder::NewestFirst);
        let walk = self.repository.rev_walk([head]).sorting(order).all().map_err(failed)?;
        let mut entries = Vec::new();
        for info in walk {
            let id = info.map_err(failed)?.id;
            if self.changed_site(id)? {
                entries.push(self.entry(id)?);
            }
            if entries.len() == limit {
                break;
            }
        }
        Ok(entries)
    }

    fn changed_site(&self, id: ObjectId) -> Result<bool, HistoryError> {
        let failed = |error: gix::Error| self.failed("its history cannot be read", &error);
        let tree = self.site_tree(id)?;
        let commit = self.repository.find_commit(id).map_err(failed)?;
        let parents: HashSet<ObjectId> = commit.parent_ids().map(gix::Id::detach).collect();
        if parents.is_empty() {
            return Ok(tree.is_some());
        }
        for parent in parents {
            if self.site_tree(parent)? == tree {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn entry(&self, id: ObjectId) -> Result<Entry, HistoryError> {
        let failed = |error: gix::Error| self.failed("its history cannot be read", &error);
        let commit = self.repository.find_commit(id).map_err(failed)?;
        let text = commit.message_raw_sloppy().to_string();
        let (subject, body) = text.split_once('\n').unwrap_or((&text, ""));
        let author = commit.author().map_err(failed)?;
        Ok(Entry {
            id: CommitId(id),
            author: author.name.to_string(),
            seconds: commit.time().map_err(failed)?.seconds,
            subject: subject.trim_end().to_owned(),
            body: body.trim().to_owned(),
        })
    }
}
