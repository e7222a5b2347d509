//! `portcullis fmt DIR [--check]`: brings a site's rule files into one layout, without changing what they say.
//!
//! `--check` writes nothing and lists the files that would change; then, and when a file has errors, the exit status is 1. What is
//! written is one commit, as for every command. docs/lint.md describes the layout.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use portcullis_site::{Formatted, Site};

use crate::change;
use crate::findings;
use crate::messages::counted;

/// Arguments of `fmt`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// Write nothing; list the files that are laid out otherwise and fail when there are any
    #[arg(long)]
    check: bool,
}

/// Carries `fmt` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let site = Site::open(&arguments.site)?;
    let formatted = site.format_change()?;
    findings::print(&formatted.diagnostics, &formatted.sources);
    let is_good = formatted.diagnostics.is_empty();
    if arguments.check {
        let mut out = io::stdout().lock();
        for path in formatted.changes.paths() {
            writeln!(out, "{}", path.display())?;
        }
        return Ok(status(is_good && formatted.changes.is_empty()));
    }
    write(&site, &formatted)?;
    Ok(status(is_good))
}

fn write(site: &Site, formatted: &Formatted) -> Result<()> {
    let mut out = io::stdout().lock();
    let changed = formatted.changes.paths().count();
    let of = counted(formatted.files, "file");
    if changed == 0 {
        writeln!(out, "{of}, nothing to change")?;
        return Ok(());
    }
    let message = format!("Format {}", counted(changed, "file"));
    // Not validated: what formatting leaves unchanged cannot become wrong, and a site with errors elsewhere may be formatted.
    let made = site.commit(&formatted.changes, &message, None)?;
    writeln!(out, "{changed} of {of} formatted")?;
    write!(out, "{}", change::told(&made))?;
    Ok(())
}

fn status(is_good: bool) -> ExitCode {
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
