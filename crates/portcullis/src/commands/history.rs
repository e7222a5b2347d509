//! `portcullis history DIR`, `diff DIR [REV]`, `restore DIR REV`: what changed, when, by whom, and the way back.
//!
//! ```text
//! 4f0c21ab  2026-03-02 10:11:12Z  Ada  Switch to protection
//! ```

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use jiff::Timestamp;
use portcullis_site::Site;
use portcullis_site::history::{Entry, History};
use serde_json::json;

use crate::change;
use crate::messages::say;

/// Arguments of `history`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// How many commits to show
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// One JSON object per commit
    #[arg(long)]
    json: bool,
}

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
pub struct DiffArguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// The revision to compare the folder with
    #[arg(value_name = "REV", default_value = "HEAD")]
    revision: String,
}

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// The revision whose content comes back, as a new commit
    #[arg(value_name = "REV")]
    revision: String,
    /// Commit what is not committed first, instead of refusing
    #[arg(long)]
    keep: bool,
    /// Restore a revision that has errors
    #[arg(long)]
    force: bool,
}

/// Carries `history` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let history = History::expect(Site::open(&arguments.site)?.root())?;
    let mut out = io::stdout().lock();
    for entry in history.entries(arguments.limit)? {
        writeln!(out, "{}", if arguments.json { in_json(&entry) } else { line(&entry) })?;
    }
    let edits = history.uncommitted()?;
    if !edits.is_empty() && !arguments.json {
        say(format_args!(
            "{} not committed; `diff` shows them",
            crate::messages::counted(edits.len(), "edit")
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(entry: &Entry) -> String {
    format!("{}  {}  {}  {}", entry.id.short(), time(entry.seconds), entry.author, entry.subject)
}

fn in_json(entry: &Entry) -> String {
    json!({
        "commit": entry.id.to_string(), "time": entry.seconds, "author": entry.author,
        "subject": entry.subject, "body": entry.body,
    })
    .to_string()
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// Carries `diff` out: standard output is empty when nothing differs.
pub fn diff(arguments: &DiffArguments) -> Result<ExitCode> {
    let history = History::expect(Site::open(&arguments.site)?.root())?;
    let mut out = io::stdout().lock();
    for file in history.changes_since(&arguments.revision)? {
        write!(out, "{}", file.text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Carries `restore` out.
pub fn restore(arguments: &RestoreArguments) -> Result<ExitCode> {
    let site = Site::open(&arguments.site)?;
    let history = History::expect(site.root())?;
    let (_, id) = history.site_at(&arguments.revision)?;
    let mut out = io::stdout().lock();
    if arguments.keep {
        let edits = history.uncommitted()?;
        let message =
            format!("Keep edits made by hand\n\nThey were there before {} was restored.\n", id.short());
        if let Some(kept) = history.record(edits.iter().map(|edit| edit.path.as_path()), &message)? {
            writeln!(out, "commit {}: {}", kept.id.short(), kept.subject)?;
        }
    } else {
        change::refuse_uncommitted(&history, "restoring")?;
    }
    let changes = history.changes_to(&arguments.revision)?;
    if changes.is_empty() {
        writeln!(out, "{}: its content is that of {} already", arguments.site.display(), id.short())?;
        return Ok(ExitCode::SUCCESS);
    }
    let message =
        format!("Restore {}\n\nThe content of the site is that of commit {id} again.\n", id.short());
    let made = if arguments.force {
        Some(site.commit(&changes, &message, None)?)
    } else {
        change::make(&site, &changes, &message)?
    };
    let Some(made) = made else {
        say(format_args!("{} is not restored: it has errors; --force restores it all the same", id.short()));
        return Ok(ExitCode::FAILURE);
    };
    write!(out, "{}", change::told(&made))?;
    Ok(ExitCode::SUCCESS)
}
