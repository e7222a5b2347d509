//! `portcullis reload DIR [--wait]`: asks the proxy that runs with a site to read it again.
//!
//! With `--wait` it says what came of it, diagnostics included: exit status 0 when the site as it is now is in force, else 1.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::control;
use crate::messages::show;

/// Arguments of `reload`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site; for `run --repo`, the folder that was named there
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// Wait for the outcome
    #[arg(long)]
    wait: bool,
}

/// Carries `reload` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Some((text, is_good)) = control::ask(&arguments.site, arguments.wait)? else {
        return Ok(ExitCode::SUCCESS);
    };
    show(&text);
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
