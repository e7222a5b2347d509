//! `portcullis init DIR [--crs DIR]`: lays a site down and says what to do with it.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use portcullis_site::history::{History, Recorded};
use portcullis_site::{InitReport, RuleSource};

use crate::invocation;
use crate::settings::document;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder of the new site; it may exist when it is empty
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// Use the OWASP CRS in this folder (4.x, 3.x, 2.2.9 or Debian's) instead of the built-in starter rules
    #[arg(long, value_name = "DIR")]
    crs: Option<PathBuf>,
}

/// Carries `init` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let source = arguments.crs.clone().map_or(RuleSource::Starter, RuleSource::Crs);
    let report = portcullis_site::init(&arguments.site, &source, &document::toml())?;
    let recorded = record(&report)
        .with_context(|| format!("{} was laid down, but not committed", report.root.display()))?;
    write!(io::stdout(), "{}", told(&report, recorded.as_ref()))?;
    Ok(ExitCode::SUCCESS)
}

/// Begins the site's history, or goes on with the one around.
pub(super) fn record(report: &InitReport) -> Result<Option<Recorded>> {
    let history = History::begin(&report.root)?;
    let message = format!("Lay down a site with {}\n\nIt detects only.\n", report.rule_set);
    Ok(history.record(report.created.iter().map(PathBuf::as_path), &message)?)
}

fn told(report: &InitReport, recorded: Option<&Recorded>) -> String {
    let site = report.root.display();
    let portcullis = invocation::program();
    let mut text = format!(
        "{site}: {}, {} files, {} of them active; detection only\n",
        report.rule_set,
        report.created.len(),
        report.activated.len()
    );
    if let Some(commit) = recorded {
        text.push_str(&format!("commit {}: {}\n", commit.id.short(), commit.subject));
    }
    for note in &report.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text.push_str(&format!(
        "\nnext:\n  {portcullis} run {site} --listen 127.0.0.1:8080 --upstream http://HOST:PORT\n  \
         {portcullis} mode {site} protect    when its logs are clean\n"
    ));
    text
}
