//! `portcullis import FROM DIR [--root DIR]`: a site out of an Apache or nginx configuration with ModSecurity.
//!
//! What was changed or left out is printed; the whole report lies in the site. The exit status is 1 when the site has errors that
//! its owner has to settle. docs/import.md says what becomes of what.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use portcullis_site::history::History;
use portcullis_site::import::{Fate, ImportSource, REPORT};

use crate::invocation;
use crate::messages::counted;
use crate::settings::document;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder of Apache (/etc/apache2), nginx (/etc/nginx) or of rules (/etc/modsecurity.d), or a configuration file
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// The folder of the new site; it may exist when it is empty
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// Look absolute paths up below this folder, for files copied from another machine
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// Carries `import` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let source = ImportSource { from: arguments.from.clone(), root: arguments.root.clone() };
    let imported = portcullis_site::import::import(&arguments.site, &source, &document::toml())?;
    let site = arguments.site.display();
    let message =
        format!("Import the rules of {}\n\n{REPORT} says what became of them.\n", arguments.from.display());
    let recorded = History::begin(&arguments.site)
        .and_then(|history| history.record(imported.created.iter().map(PathBuf::as_path), &message))
        .with_context(|| format!("{site} was laid down, but not committed"))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{site}: imported from {}, {}", imported.kind, counted(imported.created.len(), "file"))?;
    if let Some(commit) = recorded {
        writeln!(out, "commit {}: {}", commit.id.short(), commit.subject)?;
    }
    for (fate, word) in [(Fate::Changed, "changed"), (Fate::LeftOut, "left out")] {
        for note in imported.notes.iter().filter(|note| note.fate == fate) {
            writeln!(out, "{word}: {}: {}", note.place, note.text)?;
        }
    }
    let portcullis = invocation::program();
    if imported.errors > 0 {
        let errors = counted(imported.errors, "error");
        writeln!(out, "\nthe site has {errors} to settle; `{portcullis} check {site}` shows what")?;
        return Ok(ExitCode::FAILURE);
    }
    writeln!(out, "\nnext:\n  {portcullis} lint {site}\n  {portcullis} run {site}")?;
    Ok(ExitCode::SUCCESS)
}
