//! The history of a site: a git repository, read and written with a library.
//!
//! `History::of(S)` → the repository that holds the site, when its `modsecurity.conf` is committed there; [`History::begin`]
//! makes one (branch `main`) or joins the one around. The site may be a folder of a larger repository: what lies outside
//! of it is never looked at and never changed, staged files included.
//!
//! ```text
//! change.rs    a change, made whole or not     commit.rs    changed files → a commit
//! log.rs       commits that touch the site     diff.rs      texts, line by line
//! snapshot.rs  a revision as files to read     source.rs    a branch that is followed
//! status.rs    what is not committed        remote.rs     … elsewhere, and its mirror here
//! over_http.rs gix's requests over HTTPS
//! ```
//!
//! Limits: contents are stored as they lie there, without git's line-end and content filters, which would change what runs.
//! No hook runs, and no commit is signed.

mod change;
mod commit;
mod diff;
mod log;
mod over_http;
mod remote;
mod snapshot;
mod source;
mod status;

use std::path::{Path, PathBuf};

use gix::ObjectId;

pub use change::Made;
pub use commit::{Author, Recorded};
pub use diff::{FileDiff, unified};
pub use log::Entry;
pub use source::{Source, SourceRevision};
pub use status::{Edit, EditKind};

use crate::error::SiteError;
use crate::layout::CONFIGURATION;
use crate::site::Site;

/// The branch of a new repository.
const BRANCH: &str = "main";

/// Why something could not be done with a site's history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// There is no repository, or the site is not in it.
    #[error("`{}` has no history: no git repository holds it; `git init`, `git add` and `git commit` begin one", root.display())]
    None {
        /// The site.
        root: PathBuf,
    },
    /// The revision is not known.
    #[error("`{revision}` names no commit of `{}`", repository.display())]
    NoRevision {
        /// As given.
        revision: String,
        /// Where it was looked for.
        repository: PathBuf,
    },
    /// The revision does not hold the site.
    #[error("`{revision}` has no site in `{}`", folder.display())]
    NoSite {
        /// As given.
        revision: String,
        /// The folder in the repository.
        folder: PathBuf,
    },
    /// The site's tree is too large to be read.
    #[error("the site at `{revision}` is larger than {limit}")]
    TooLarge {
        /// As given.
        revision: String,
        /// What is allowed.
        limit: &'static str,
    },
    /// A file of the site cannot be read.
    #[error("cannot read `{}`: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file of the site cannot be read or written.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The repository could not be read or written.
    #[error("git repository `{}`: {doing}: {reason}", repository.display())]
    Git {
        /// Its folder.
        repository: PathBuf,
        /// What was attempted.
        doing: &'static str,
        /// Why it failed.
        reason: String,
    },
    /// A repository elsewhere could not be fetched.
    #[error("`{url}` cannot be fetched: {reason}")]
    Remote {
        /// Its address, without a password.
        url: String,
        /// Why, with the causes.
        reason: String,
    },
    /// The address of a repository that cannot be followed.
    #[error("`{url}`: {reason}")]
    Address {
        /// As given.
        url: String,
        /// Why not.
        reason: &'static str,
    },
}

/// A commit's id, in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(ObjectId);

impl CommitId {
    /// The first digits, enough for people.
    pub fn short(&self) -> String {
        self.0.to_hex_with_len(8).to_string()
    }
}

impl std::fmt::Display for CommitId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The repository that holds a site.
#[derive(Debug)]
pub struct History {
    repository: gix::Repository,
    /// The site's folder in the repository; empty when it is the repository's own.
    prefix: PathBuf,
    root: PathBuf,
}

impl History {
    /// The history of a site; `None` when it has none.
    ///
    /// # Errors
    /// When there is a repository that cannot be read.
    pub fn of(root: &Path) -> Result<Option<Self>, HistoryError> {
        let Some(history) = Self::around(root)? else { return Ok(None) };
        let is_committed = history.head_file(Path::new(CONFIGURATION))?.is_some();
        Ok(is_committed.then_some(history))
    }

    /// The history of a site, which must be there.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn expect(root: &Path) -> Result<Self, HistoryError> {
        Self::of(root)?.ok_or_else(|| HistoryError::None { root: root.to_path_buf() })
    }

    /// The repository around a folder that may lack the site: another revision may have it.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn expect_around(root: &Path) -> Result<Self, HistoryError> {
        Self::around(root)?.ok_or_else(|| HistoryError::None { root: root.to_path_buf() })
    }

    /// The repository around a site, or a new one in it. Where the one around ignores the site's folder, the site gets its
    /// own. Nothing is committed yet.
    ///
    /// # Errors
    /// When there is one that cannot be read, or none can be made.
    pub fn begin(root: &Path) -> Result<Self, HistoryError> {
        if let Some(history) = Self::around(root)?
            && !history.ignores(Path::new(CONFIGURATION))?
        {
            return Ok(history);
        }
        let failed = |error: gix::Error| failure(root, "it cannot be made", &error);
        gix::init(root).map_err(failed)?;
        std::fs::write(root.join(".git/HEAD"), format!("ref: refs/heads/{BRANCH}\n")).map_err(|error| {
            HistoryError::Read { path: root.join(".git/HEAD"), reason: error.to_string() }
        })?;
        let repository = gix::open(root).map_err(failed)?;
        Ok(Self { repository, prefix: PathBuf::new(), root: root.to_path_buf() })
    }

    /// The repository around a folder, whether or not it holds the folder's files.
    fn around(root: &Path) -> Result<Option<Self>, HistoryError> {
        let absolute = root
            .canonicalize()
            .map_err(|error| HistoryError::Read { path: root.to_path_buf(), reason: error.to_string() })?;
        // Asked by hand: a repository that is there and cannot be opened must not be taken for none.
        let is_bare = |folder: &Path| folder.join("HEAD").is_file() && folder.join("objects").is_dir();
        let Some(top) = absolute.ancestors().find(|folder| folder.join(".git").exists() || is_bare(folder))
        else {
            return Ok(None);
        };
        let repository = gix::open(top).map_err(|error| failure(top, "it cannot be opened", &error))?;
        let prefix = absolute.strip_prefix(top).unwrap_or(Path::new("")).to_path_buf();
        Ok(Some(Self { repository, prefix, root: root.to_path_buf() }))
    }

    /// The site at a revision: a branch, a tag, a commit's id, `HEAD~2`.
    ///
    /// # Errors
    /// When it names no commit, or one without the site.
    pub fn site_at(&self, revision: &str) -> Result<(Site, CommitId), HistoryError> {
        let id = self.resolve(revision)?;
        Ok((self.site(id, revision)?, CommitId(id)))
    }

    /// The branch that is checked out; `None` when none is.
    pub fn branch(&self) -> Option<String> {
        let name = self.repository.head_name().ok().flatten()?;
        Some(name.shorten().to_string())
    }

    fn resolve(&self, revision: &str) -> Result<ObjectId, HistoryError> {
        let unknown = || HistoryError::NoRevision {
            revision: revision.to_owned(),
            repository: self.repository.git_dir().to_path_buf(),
        };
        // Peeled: a tag means the commit that it names.
        let id = self.repository.rev_parse_single(revision).map_err(|_| unknown())?;
        let object = id.object().map_err(|error| self.failed("an object cannot be read", &error))?;
        object.peel_to_commit().map(|commit| commit.id).map_err(|_| unknown())
    }

    /// The commit that is checked out; `None` in a new repository.
    fn head(&self) -> Option<ObjectId> {
        self.repository.head_id().ok().map(gix::Id::detach)
    }

    /// A path of the site in the repository, with `/` between its parts.
    fn in_repository(&self, path: &Path) -> String {
        let joined = self.prefix.join(path);
        let parts: Vec<_> = joined.iter().map(|part| part.to_string_lossy()).collect();
        parts.join("/")
    }

    fn failed(&self, doing: &'static str, error: &dyn std::fmt::Display) -> HistoryError {
        failure(self.repository.git_dir(), doing, error)
    }
}

fn failure(repository: &Path, doing: &'static str, error: &dyn std::fmt::Display) -> HistoryError {
    HistoryError::Git { repository: repository.to_path_buf(), doing, reason: error.to_string() }
}
