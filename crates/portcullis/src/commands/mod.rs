//! The command line: one file per command, each from parsed arguments to an exit status.
//!
//! `portcullis check DIR` → `check::run` → 0, or 1 with diagnostics on standard error. A mistake in the arguments is 2, here
//! as for `clap`. Commands return errors as sentences; `main` prints them.

mod bench;
mod check;
mod events;
mod explain;
mod fmt;
mod health;
mod history;
mod import;
mod init;
mod lint;
mod mode;
mod quickstart;
mod reload;
mod rules;
mod run;
pub mod settings;
mod test;
mod tune;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Exit status for arguments or variables that make no sense.
pub const USAGE: u8 = 2;

/// A web application firewall for the ModSecurity rule language.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, max_term_width = 110, arg_required_else_help = true)]
#[command(
    after_help = "`portcullis quickstart` shows it at work. docs/settings.md describes every setting of `run`."
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lay a new site down
    Init(init::Arguments),
    /// Make a site out of an Apache or nginx configuration with ModSecurity
    Import(import::Arguments),
    /// Check a site: no output when it is valid, else everything that is wrong
    Check(check::Arguments),
    /// Protect an origin with a site
    Run(Box<run::Arguments>),
    /// Switch a site between detection and protection
    Mode(mode::Arguments),
    /// Show or change a setting of the proxy or of the rule set
    Settings(settings::Arguments),
    /// The rule sets of a site: list, show, enable, disable, detect, protect, diff, add
    Rules(rules::Arguments),
    /// Find what loads and is probably not what was meant
    Lint(lint::Arguments),
    /// Bring a site's rule files into one layout, without changing what they say
    Fmt(fmt::Arguments),
    /// Let a running proxy read its site again, and say what came of it
    Reload(reload::Arguments),
    /// Ask a running proxy whether it serves: for the health checks of containers
    Health(health::Arguments),
    /// Show who changed a site, when and why
    History(history::Arguments),
    /// Show what changed in a site since its last commit, or since a revision
    Diff(history::DiffArguments),
    /// Bring the content of a revision back, as a new commit
    Restore(history::RestoreArguments),
    /// Show the stored events: requests that rules matched
    Events(events::Arguments),
    /// Tell why rules matched a stored request, step by step
    Explain(explain::Arguments),
    /// Show what protection would have blocked, and exclusions with what they would have changed
    Tune(tune::Arguments),
    /// Run tests in the FTW format of the OWASP CRS
    Test(Box<crate::ftw::Arguments>),
    /// Measure what a site's rules cost, without a socket: time per exchange and phase, the dearest rules
    Bench(bench::Arguments),
    /// Try it: a starter site, a demo origin and a proxy in front of it
    Quickstart(quickstart::Arguments),
}

impl CommandLine {
    /// Carries the command out.
    pub fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Init(arguments) => init::run(&arguments),
            Command::Import(arguments) => import::run(&arguments),
            Command::Check(arguments) => check::run(&arguments),
            Command::Run(arguments) => run::run(*arguments),
            Command::Mode(arguments) => mode::run(&arguments),
            Command::Settings(arguments) => settings::run(&arguments),
            Command::Rules(arguments) => rules::run(&arguments),
            Command::Lint(arguments) => lint::run(&arguments),
            Command::Fmt(arguments) => fmt::run(&arguments),
            Command::Reload(arguments) => reload::run(&arguments),
            Command::Health(arguments) => health::run(&arguments),
            Command::History(arguments) => history::run(&arguments),
            Command::Diff(arguments) => history::diff(&arguments),
            Command::Restore(arguments) => history::restore(&arguments),
            Command::Events(arguments) => events::run(&arguments),
            Command::Explain(arguments) => explain::run(&arguments),
            Command::Tune(arguments) => tune::run(&arguments),
            Command::Test(arguments) => test::run(&arguments),
            Command::Bench(arguments) => bench::run(&arguments),
            Command::Quickstart(arguments) => quickstart::run(arguments),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
