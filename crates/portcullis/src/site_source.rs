//! Where a running proxy takes its site from: a folder, a revision of its repository, or a branch that it follows.
//!
//! ```text
//! run DIR                                        the folder, watched for changes
//! run DIR --ref release-7                        that revision; what it names is looked up anew at each reload
//! run DIR --repo /srv/sites.git --branch main    that branch, looked at every --poll; a bad commit never runs
//! run DIR --repo https://git.example/sites.git   likewise, fetched at every --poll
//! ```
//!
//! Of the latter two nothing is checked out. DIR is then where relative paths of logs and stored collections begin.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use portcullis_site::Site;
use portcullis_site::history::{CommitId, History, Source};

use crate::events::Event;
use crate::messages::say;

/// See the module.
#[derive(Debug)]
pub enum SiteSource {
    /// Files of a folder.
    Folder(PathBuf),
    /// A revision of the repository around a folder.
    Revision {
        /// The folder.
        root: PathBuf,
        /// A branch, a tag or a commit.
        revision: String,
    },
    /// A branch of a repository.
    Branch(Box<Source>),
}

/// A commit that a site was read from.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// Its message's first line, where it is known.
    pub subject: String,
}

impl SiteSource {
    /// A branch of a repository, fetched when it lies elsewhere. When that fails, the one that was fetched last will do: a
    /// proxy starts although a git server is away.
    pub fn follow(source: Source) -> Result<Self> {
        if let Err(failure) = source.update() {
            let Ok(known) = source.newest() else { return Err(failure.into()) };
            say(format_args!("{failure}; the commit fetched last, {}, is used", known.short()));
        }
        Ok(Self::Branch(Box::new(source)))
    }

    /// Opens the site as it is there now.
    pub fn open(&self) -> Result<(Site, Option<Commit>)> {
        match self {
            Self::Folder(root) => Ok((Site::open(root)?, None)),
            Self::Revision { root, revision } => {
                let (site, id) = History::expect_around(root)?.site_at(revision)?;
                Ok((site, Some(Commit { id, subject: revision.clone() })))
            }
            Self::Branch(source) => {
                let found = source.site()?;
                Ok((found.site, Some(Commit { id: found.id, subject: found.subject })))
            }
        }
    }

    /// Where relative paths of logs and collections begin.
    pub fn root(&self) -> &Path {
        match self {
            Self::Folder(root) | Self::Revision { root, .. } => root,
            Self::Branch(source) => source.root(),
        }
    }

    /// Whether the site's files are those of a folder, and worth watching.
    pub fn is_folder(&self) -> bool {
        matches!(self, Self::Folder(_))
    }
}

/// Looks at a branch from time to time; ends when it is dropped.
#[derive(Debug)]
pub struct Follower {
    _ends: Sender<()>,
}

impl Follower {
    /// Tells of each commit that the branch names after `known`.
    pub fn start(source: Source, known: CommitId, poll: Duration, events: Sender<Event>) -> Result<Self> {
        let (ends, ended) = channel();
        let mut known = known;
        let mut failure = String::new();
        thread::Builder::new()
            .name("follower".to_owned())
            .spawn(move || {
                while ended.recv_timeout(poll) == Err(RecvTimeoutError::Timeout) {
                    match source.update().and_then(|()| source.newest()) {
                        Ok(newest) if newest == known => failure.clear(),
                        Ok(newest) => {
                            failure.clear();
                            known = newest;
                            if events.send(Event::Changed).is_err() {
                                return;
                            }
                        }
                        // Said once: the rules go on, and the next look may succeed.
                        Err(error) if error.to_string() == failure => {}
                        Err(error) => {
                            failure = error.to_string();
                            say(format_args!("{failure}; the rules loaded before stay in force"));
                        }
                    }
                }
            })
            .context("cannot start the thread that follows the branch")?;
        Ok(Self { _ends: ends })
    }
}

/// Makes the folders that instances write into, where the site's files lie elsewhere.
pub fn make_folders(root: &Path) -> Result<()> {
    for name in [portcullis_site::LOGS, portcullis_site::DATA] {
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    }
    Ok(())
}
