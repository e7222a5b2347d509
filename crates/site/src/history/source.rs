//! A branch that is followed: a repository here or elsewhere, and what its branch names now.
//!
//! `Source::open("/srv/sites.git", "production", "shop", "instance")`, then `newest()` → the branch's commit, and `site()` the
//! site it holds. A repository of this machine is read in place, without a copy and without a checkout; a push to it is seen
//! at the next look. One at `https://…` is fetched by `update()` into a mirror, `data/repository.git` below the root.

use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::remote::Remote;
use super::{CommitId, History, HistoryError, failure};
use crate::layout::DATA;
use crate::site::Site;

/// The mirror's folder in the site's data.
const MIRROR: &str = "repository.git";

/// A branch of a repository.
#[derive(Debug, Clone)]
pub struct Source {
    place: PathBuf,
    branch: String,
    /// The site's folder in the repository.
    prefix: PathBuf,
    root: PathBuf,
    /// Where the repository is a mirror: of what.
    remote: Option<Remote>,
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
    /// A branch of the repository at `url`: a path, `file://…` or `https://…`. `prefix` is the site's folder in it; `root` is
    /// what paths of the site begin with, for messages, and where instances write. Nothing is fetched yet.
    ///
    /// # Errors
    /// When the address is none that can be followed, or there is no repository on this machine where it says.
    pub fn open(url: &str, branch: &str, prefix: &Path, root: &Path) -> Result<Self, HistoryError> {
        let remote = match url.strip_prefix("file://") {
            None if url.contains("://") => Some(Remote::new(url, branch, &root.join(DATA).join(MIRROR))?),
            _ => None,
        };
        let place = remote.as_ref().map_or_else(
            || PathBuf::from(url.strip_prefix("file://").unwrap_or(url)),
            |remote| remote.mirror().to_path_buf(),
        );
        let branch = branch.to_owned();
        let source = Self { place, branch, prefix: prefix.to_path_buf(), root: root.to_path_buf(), remote };
        if source.remote.is_none() {
            source.history()?;
        }
        Ok(source)
    }

    /// Fetches what a repository elsewhere has now; one on this machine needs nothing.
    ///
    /// # Errors
    /// When it cannot be fetched. What was fetched before can still be read.
    pub fn update(&self) -> Result<(), HistoryError> {
        self.remote.as_ref().map_or(Ok(()), Remote::fetch)
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
