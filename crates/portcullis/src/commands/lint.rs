//! `portcullis lint DIR [--json]`: what loads and is probably not what was meant.
//!
//! Findings are drawn on standard error as `check` draws them, or written as one JSON array to standard output. The exit status
//! is 1 when there is an error or a warning; notices alone are 0. docs/lint.md lists the findings.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use portcullis_seclang::{Diagnostic, Severity, Sources, Span};
use portcullis_site::Site;
use portcullis_site::lint::Lint;
use serde_json::{Value, json};

use crate::findings;
use crate::loading;

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// As one JSON array, on standard output
    #[arg(long)]
    json: bool,
}

/// Carries `lint` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let site = Site::open(&arguments.site)?;
    let reading = loading::read_site(site.clone(), Vec::new());
    let settings = reading.resolved.settings;
    let mut linted = site.with_defines(settings.defines).lint(settings.compatibility);
    // What is wrong with portcullis.toml, which the site does not read: it stands in the files behind those of the rules.
    let rule_files = linted.sources.files().len();
    let of_settings =
        |finding: &Diagnostic| finding.span.is_some_and(|span| span.file.0 as usize >= rule_files);
    linted.diagnostics.extend(reading.diagnostics.into_iter().filter(of_settings));
    linted.sources = reading.sources;
    if arguments.json {
        let array: Vec<Value> =
            linted.diagnostics.iter().map(|finding| in_json(finding, &linted.sources)).collect();
        writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&array)?)?;
    } else {
        findings::print(&linted.explained(), &linted.sources);
    }
    let is_good = linted.diagnostics.iter().all(|finding| finding.severity == Severity::Notice);
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn in_json(finding: &Diagnostic, sources: &Sources) -> Value {
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|(span, text)| json!({"place": place(*span, sources), "message": text}))
        .collect();
    json!({
        "code": finding.code,
        "severity": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Notice => "notice",
        },
        "message": finding.message,
        "why": Lint::with_code(finding.code).map(|lint| lint.why),
        "help": finding.help,
        "place": finding.span.map(|span| place(span, sources)),
        "related": related,
    })
}

/// Where something stands; lines and columns are counted from 1, columns in bytes, and the end is the last byte.
fn place(span: Span, sources: &Sources) -> Value {
    let file = sources.file(span.file);
    let (line, column) = file.position(span.start);
    let (end_line, end_column) = file.position(span.end.saturating_sub(1).max(span.start));
    json!({
        "path": file.path, "line": line, "column": column, "end_line": end_line, "end_column": end_column,
    })
}
