//! `portcullis test`: FTW tests against a site in this process, or against a proxy that runs.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use portcullis_engine::Evaluation;

use crate::findings;
use crate::ftw::{self, Arguments, InProcess};
use crate::in_process::InProcessSite;
use crate::loading;

/// Carries `test` out: success when every test that was run passed, and one was.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut engine = arguments.site.as_deref().map(|root| open(root, arguments)).transpose()?;
    let engine = engine.as_mut().map(|engine| engine as &mut dyn InProcess);
    let report = ftw::run(arguments, engine, &mut io::stdout().lock())?;
    Ok(if report.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn open(root: &Path, arguments: &Arguments) -> Result<InProcessSite> {
    let reading = loading::read(root, Vec::new())?;
    match reading.rule_set {
        Some(rules) if !findings::has_errors(&reading.diagnostics) => {
            let http = reading.resolved.settings.proxy.http;
            let evaluation = if arguments.plain { Evaluation::Plain } else { Evaluation::Screened };
            let site = InProcessSite::new(rules).with_http(http).with_evaluation(evaluation);
            Ok(if arguments.compare { site.comparing() } else { site })
        }
        _ => {
            findings::print(&reading.diagnostics, &reading.sources);
            bail!("{} is not a valid site, so its rules cannot be tested", root.display())
        }
    }
}
