//! Making a change of a site: written and recorded, or neither.
//!
//! `site.commit(changes, "Switch to protection", None)` → edits made by hand in the same files are committed as what they are,
//! the files are written, and a commit says what was done. When a file cannot be written or the commit cannot be made, the
//! files are put back as they were. A site without a history is changed all the same.
//!
//! Commands and the console end here; whether the site is valid with the change is theirs to ask first. Limit: two programs
//! that change a site at the same moment are not arbitrated beyond git's own locks.

use std::path::{Path, PathBuf};

use super::{Author, History, HistoryError, Recorded};
use crate::changes::Changes;
use crate::error::{SiteError, reason};
use crate::site::Site;

/// What came of a change.
#[derive(Debug, Default)]
pub struct Made {
    /// Hand edits that were committed first.
    pub kept: Option<Recorded>,
    /// The change itself; `None` when the site has no history.
    pub recorded: Option<Recorded>,
}

impl Site {
    /// Writes and records a change, by this author or by the one that git's settings name.
    ///
    /// # Errors
    /// When a file cannot be written or the commit cannot be made; the change is not there then.
    pub fn commit(
        &self,
        changes: &Changes,
        message: &str,
        author: Option<&Author>,
    ) -> Result<Made, HistoryError> {
        let before = self.present(changes)?;
        let history = History::of(self.root())?;
        let made = match &history {
            Some(history) => self.record(history, changes, message, author),
            None => self.write(changes).map(|()| Made::default()).map_err(HistoryError::from),
        };
        if made.is_err() {
            // The error that is told is the first one: putting back fails where writing failed.
            let _ = self.write(&before);
            let _ = history.map(|history| history.unstage(before.paths()));
        }
        made
    }

    fn record(
        &self,
        history: &History,
        changes: &Changes,
        message: &str,
        author: Option<&Author>,
    ) -> Result<Made, HistoryError> {
        let touched: Vec<&Path> = changes.paths().collect();
        let edited: Vec<PathBuf> = history.uncommitted()?.into_iter().map(|edit| edit.path).collect();
        let mine = edited.iter().map(PathBuf::as_path).filter(|path| touched.contains(path));
        let why =
            format!("Keep edits made by hand\n\nThey lay in files that the next commit changes: {message}\n");
        let kept = history.record(mine, &why)?;
        self.write(changes)?;
        let recorded = history.record_by(touched, message, author)?;
        Ok(Made { kept, recorded })
    }

    /// The files that a change touches, as they are in the folder.
    fn present(&self, changes: &Changes) -> Result<Changes, SiteError> {
        let mut before = Changes::default();
        for path in changes.paths() {
            let place = self.root().join(path);
            match std::fs::read(&place) {
                Ok(content) => before.write(path, content),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => before.remove(path),
                Err(error) => return Err(SiteError::Read { path: place, reason: reason(&error) }),
            }
        }
        Ok(before)
    }
}
