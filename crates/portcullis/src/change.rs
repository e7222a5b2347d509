//! Making a change of a site: validated before it is written, recorded after.
//!
//! `make(site, changes, "Switch to protection")` → the site is read as it would be; when that has errors they are drawn and
//! nothing is written. Else [`Site::commit`] writes and records it. Commands that change a site end here.

use anyhow::{Result, bail};
use portcullis_site::history::{History, Made};
use portcullis_site::{Changes, Site};

use crate::findings;
use crate::loading;

/// A line for each commit.
pub fn told(made: &Made) -> String {
    let commits = made.kept.iter().chain(&made.recorded);
    commits.map(|commit| format!("commit {}: {}\n", commit.id.short(), commit.subject)).collect()
}

/// Validates, writes and records a change. `None` when the site would have errors; they are drawn then.
pub fn make(site: &Site, changes: &Changes, message: &str) -> Result<Option<Made>> {
    let reading = loading::read_site(site.with_changes(changes), Vec::new());
    if reading.failed() {
        findings::print(&reading.diagnostics, &reading.sources);
        return Ok(None);
    }
    Ok(Some(site.commit(changes, message, None)?))
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
