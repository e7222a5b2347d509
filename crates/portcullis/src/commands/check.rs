//! `portcullis check DIR`: reads a site as `run` would, and says nothing when it is valid.
//!
//! Warnings alone are no output either: a site that is valid must be silent, so that a script can tell. `--warnings` shows
//! them; when there are errors they are shown along.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use portcullis_site::Site;
use portcullis_site::history::History;

use crate::findings;
use crate::loading;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// Check this branch, tag or commit of the site's repository instead of its folder; nothing is checked out
    #[arg(long = "ref", value_name = "REV")]
    revision: Option<String>,
    /// Also show warnings and notices of a valid site
    #[arg(long)]
    warnings: bool,
}

/// Carries `check` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let site = match &arguments.revision {
        Some(revision) => History::expect_around(&arguments.site)?.site_at(revision)?.0,
        None => Site::open(&arguments.site)?,
    };
    let reading = loading::read_site(site, Vec::new());
    if reading.failed() {
        findings::print(&reading.diagnostics, &reading.sources);
        return Ok(ExitCode::FAILURE);
    }
    if arguments.warnings {
        findings::print(&reading.diagnostics, &reading.sources);
    }
    Ok(ExitCode::SUCCESS)
}
