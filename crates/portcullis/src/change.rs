//! Making a change of a site: validated before it is written, recorded after.
//!
//! `make(site, changes, "Switch to protection", …)` → the site is read as it would be; when that has errors they are drawn and
//! nothing is written. Else edits made by hand in the same files are committed as what they are, the files are written, and
//! a commit says what was done. Commands that change a site end here; a site without a history is changed all the same.
//!
//! Limit: two commands at the same moment are not arbitrated beyond git's own locks.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use portcullis_site::history::{History, Recorded};
use portcullis_site::{Changes, Site};

use crate::findings;
use crate::loading;

/// What came of a change.
#[derive(Debug, Default)]
pub struct Made {
    /// Hand edits that were committed first.
    pub kept: Option<Recorded>,
    /// The change itself; `None` when the site has no history.
    pub recorded: Option<Recorded>,
}

impl Made {
    /// A line for each commit.
    pub fn told(&self) -> String {
        let commits = self.kept.iter().chain(&self.recorded);
        commits.map(|commit| format!("commit {}: {}\n", commit.id.short(), commit.subject)).collect()
    }
}

/// Validates, writes and records a change. `None` when the site would have errors; they are drawn then.
pub fn make(site: &Site, changes: &Changes, message: &str) -> Result<Option<Made>> {
    let reading = loading::read_site(site.with_changes(changes), Vec::new());
    if reading.failed() {
        findings::print(&reading.diagnostics, &reading.sources);
        return Ok(None);
    }
    apply(site, changes, message).map(Some)
}

/// Writes and records a change that may leave the site with errors.
pub fn apply(site: &Site, changes: &Changes, message: &str) -> Result<Made> {
    let Some(history) = History::of(site.root())? else {
        site.write(changes)?;
        return Ok(Made::default());
    };
    let touched: Vec<&Path> = changes.paths().collect();
    let edited: Vec<PathBuf> = history.uncommitted()?.into_iter().map(|edit| edit.path).collect();
    let mine = edited.iter().map(PathBuf::as_path).filter(|path| touched.contains(path));
    let kept = history.record(
        mine,
        &format!("Keep edits made by hand\n\nThey lay in files that the next commit changes: {message}\n"),
    )?;
    site.write(changes)?;
    let recorded = history.record(touched, message)?;
    Ok(Made { kept, recorded })
}

/// Refuses to go on while the folder holds edits that are not committed.
pub fn refuse_uncommitted(history: &History, doing: &str) -> Result<()> {
    let edits = history.uncommitted()?;
    if edits.is_empty() {
        return Ok(());
    }
    let listed: Vec<String> =
        edits.iter().map(|edit| format!("  {} {}", edit.kind, edit.path.display())).collect();
    bail!(
        "{doing} would lose edits that are not committed:\n{}\ncommit them, or let --keep do it",
        listed.join("\n")
    );
}
