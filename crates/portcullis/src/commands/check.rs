//! `portcullis check DIR`: reads a site as `run` would, and says nothing when it is valid.
//!
//! Warnings alone are no output either: a site that is valid must be silent, so that a script can tell. `--warnings` shows
//! them; when there are errors they are shown along.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::findings;
use crate::loading;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// Also show warnings and notices of a valid site
    #[arg(long)]
    warnings: bool,
}

/// Carries `check` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let reading = loading::read(&arguments.site, Vec::new())?;
    if reading.failed() {
        findings::print(&reading.diagnostics, &reading.sources);
        return Ok(ExitCode::FAILURE);
    }
    if arguments.warnings {
        findings::print(&reading.diagnostics, &reading.sources);
    }
    Ok(ExitCode::SUCCESS)
}
