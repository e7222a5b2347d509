//! `portcullis mode DIR detect|protect`: edits the one directive that decides, nothing else.
//!
//! A running proxy sees the change by itself. Without a mode the command prints the present one.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;
use portcullis_site::{Mode, Site};

use crate::change;
use crate::messages::say;

/// Arguments of `mode`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// What the engine does with its findings; without it, the present mode is printed
    #[arg(value_enum)]
    mode: Option<Wanted>,
}

/// A mode that can be asked for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Wanted {
    /// Log what would be blocked, block nothing
    Detect,
    /// Block
    Protect,
}

/// Carries `mode` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let site = Site::open(&arguments.site)?;
    let shown = arguments.site.display();
    let Some(wanted) = arguments.mode else {
        writeln!(io::stdout(), "{}", site.mode()?)?;
        return Ok(ExitCode::SUCCESS);
    };
    let mode = match wanted {
        Wanted::Detect => Mode::Detect,
        Wanted::Protect => Mode::Protect,
    };
    let value = mode.directive_value();
    let changes = site.mode_change(mode)?;
    if changes.is_empty() {
        writeln!(io::stdout(), "{shown}: SecRuleEngine {value} already")?;
        return Ok(ExitCode::SUCCESS);
    }
    let message = format!("Switch to {mode}ion\n\nSecRuleEngine {value}\n");
    let Some(made) = change::make(&site, &changes, &message)? else {
        say(format_args!("{shown} has errors; the mode stays as it was"));
        return Ok(ExitCode::FAILURE);
    };
    writeln!(
        io::stdout(),
        "{shown}: SecRuleEngine {value}; a proxy that runs with this site follows by itself"
    )?;
    write!(io::stdout(), "{}", change::told(&made))?;
    Ok(ExitCode::SUCCESS)
}
