//! A branch that is followed: a repository on this machine, and what its branch names now.
//!
//! `Source::open("/srv/sites.git", "production", "shop")`, then `newest()` → the branch's commit, and `site()` the site it holds.
//! The repository is read in place, without a copy and without a checkout; a push to it is seen at the next look.
//!
//! Limit: `https://`, `ssh://` and `git://` are refused. Mirror such a repository to this machine (`git clone --mirror`,
//! `git fetch`) and follow the mirror.

use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::{CommitId, History, HistoryError, failure};
use crate::site::Site;

/// A branch of a repository.
#[derive(Debug, Clone)]
pub struct Source {
    place: PathBuf,
    branch: String,
    /// The site's folder in the repository.
    prefix: PathBuf,
    root: PathBuf,
}

/// A site as a branch has it.
#[derive(Debug)]
pub struct SourceRevision {
    /// The commit.
    pub id: CommitId,
    /// Its message's first line.
    pub subject: String,
    /// The site.
    pub site: Site,
}

impl Source {
    /// A branch of the repository at `url`, a path or `file://…`. `prefix` is the site's folder in it; `root` is what paths of
    /// the site begin with, for messages, and where instances write.
    ///
    /// # Errors
    /// When the address is none that can be followed, or there is no repository.
    pub fn open(url: &str, branch: &str, prefix: &Path, root: &Path) -> Result<Self, HistoryError> {
        let place = match url.strip_prefix("file://") {
            Some(path) => PathBuf::from(path),
            None if url.contains("://") => {
                let reason = "only a repository on this machine can be followed: a path or file://…; \
                              keep a mirror of it here with `git clone --mirror` and `git fetch`";
                return Err(HistoryError::Address { url: url.to_owned(), reason });
            }
            None => PathBuf::from(url),
        };
        let source =
            Self { place, branch: branch.to_owned(), prefix: prefix.to_path_buf(), root: root.to_path_buf() };
        source.history()?;
        Ok(source)
    }

    /// What paths of the site begin with.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit the branch names now.
    ///
    /// # Errors
    /// When the repository cannot be read or has no such branch.
    pub fn newest(&self) -> Result<CommitId, HistoryError> {
        self.tip(&self.history()?).map(CommitId)
    }

    /// The site as the branch has it now.
    ///
    /// # Errors
    /// When the repository cannot be read, has no such branch, or the branch has no such site.
    pub fn site(&self) -> Result<SourceRevision, HistoryError> {
        let history = self.history()?;
        let id = self.tip(&history)?;
        let subject = history.entry(id)?.subject;
        Ok(SourceRevision { id: CommitId(id), subject, site: history.site(id, &self.branch)? })
    }

    /// Opened anew each time: packs come and go while others push.
    fn history(&self) -> Result<History, HistoryError> {
        let repository =
            gix::open(&self.place).map_err(|error| failure(&self.place, "it cannot be opened", &error))?;
        Ok(History { repository, prefix: self.prefix.clone(), root: self.root.clone() })
    }

    fn tip(&self, history: &History) -> Result<ObjectId, HistoryError> {
        history.resolve(&format!("refs/heads/{}", self.branch)).map_err(|_| HistoryError::NoRevision {
            revision: self.branch.clone(),
            repository: self.place.clone(),
        })
    }
}
