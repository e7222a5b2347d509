//! `portcullis test`: runs tests in the FTW format of the OWASP CRS.
//!
//! ```text
//! portcullis test tests/ --url http://127.0.0.1:8080 --log error.log
//! failed 942100-7 (tests/942100.yaml): rule 942100 did not match (matched: none)
//! ran 3942, passed 3941, failed 1, skipped 0
//! ```
//!
//! YAML files (`schema`, `load`) become cases (`case`); the `runner` builds each request (`request`) and hands it to
//! one of two drivers: `wire` (a raw socket to a running firewall, log lines cut out between marker requests) or
//! `in_process` (an engine in this process, with the test `origin`). `check` compares, `report` prints. The command
//! line calls [`run`]. No test runs in parallel: the log of one must not hold the lines of another.

mod case;
mod check;
mod in_process;
mod load;
mod log_file;
mod origin;
mod report;
mod request;
mod response;
mod runner;
mod schema;
mod template;
mod wire;

pub use in_process::{InProcess, Outcome};
#[allow(unused_imports, reason = "runners of public test data use it, the command does not")]
pub use origin::answer as origin_answer;
pub use origin::{Answer, Asked};
pub use report::Report;

use anyhow::{Context, Result, bail};
use case::Case;
use regex::Regex;
use runner::Driver;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wire::Wire;

/// What to test, against what, and how to say it.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Test files, and folders that hold some
    #[arg(required = true, value_name = "PATH")]
    pub tests: Vec<PathBuf>,
    /// A running firewall to test: http://HOST:PORT
    #[arg(long, requires = "log", conflicts_with = "site", required_unless_present = "site")]
    pub url: Option<String>,
    /// The error log that the firewall behind --url writes
    #[arg(long, value_name = "FILE", requires = "url")]
    pub log: Option<PathBuf>,
    /// A site to test without a socket
    #[arg(long, value_name = "DIR")]
    pub site: Option<PathBuf>,
    /// Run every rule on every value of --site, without the screen
    #[arg(long, requires = "site")]
    pub plain: bool,
    /// Run every exchange with --site through the plain and the screened evaluator; a difference ends the run
    #[arg(long, requires = "site", conflicts_with = "plain")]
    pub compare: bool,
    /// Run only tests whose id (942100-7) matches
    #[arg(long, value_name = "REGEX")]
    pub filter: Option<Regex>,
    /// Replace expectations as this platform overrides file says
    #[arg(long, value_name = "FILE")]
    pub overrides: Option<PathBuf>,
    /// Tests that are known to fail: lines of an id and the reason
    #[arg(long, value_name = "FILE")]
    pub skip: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
    /// The header whose value a rule writes to the log to mark a place
    #[arg(long, value_name = "NAME", default_value = "X-CRS-Test")]
    pub marker_header: String,
    /// How many seconds an answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub timeout: u64,
}

/// Runs the tests and writes the report to `out`. `engine` must be there when the arguments name a site.
pub fn run(arguments: &Arguments, engine: Option<&mut dyn InProcess>, out: &mut dyn Write) -> Result<Report> {
    let mut cases = load::load(&arguments.tests)?;
    if let Some(file) = &arguments.overrides {
        let text = read(file)?;
        load::apply_overrides(&text, &mut cases).with_context(|| file.display().to_string())?;
    }
    let skips =
        arguments.skip.as_deref().map(|file| skip_list(file, &cases)).transpose()?.unwrap_or_default();
    if let Some(filter) = &arguments.filter {
        cases.retain(|case| filter.is_match(&case.id));
    }
    let mut driver = match (engine, &arguments.url, &arguments.log) {
        (Some(engine), None, _) => Driver::InProcess(engine),
        (None, Some(url), Some(log)) => {
            let timeout = Duration::from_secs(arguments.timeout.max(1));
            Driver::Wire(Wire::open(url, log, &arguments.marker_header, timeout)?)
        }
        _ => bail!("tests need either --url and --log or --site"),
    };
    let report = play_all(&cases, &mut driver, &skips)?;
    if arguments.json {
        report.write_json(out)?;
    } else {
        report.write_text(out)?;
    }
    Ok(report)
}

/// Runs every test under some files and folders in this process. `skips`: ids and why they fail.
#[allow(dead_code, reason = "runners of public test data use it, the command does not")]
pub fn run_in_process(
    tests: &[PathBuf],
    engine: &mut dyn InProcess,
    skips: &BTreeMap<String, String>,
) -> Result<Report> {
    play_all(&load::load(tests)?, &mut Driver::InProcess(engine), skips)
}

/// Runs every test under some files and folders against a firewall that listens at `url` and writes its error log to
/// `log`. `skips`: as for [`run_in_process`].
#[allow(dead_code, reason = "runners of public test data use it, the command does not")]
pub fn run_over_sockets(
    tests: &[PathBuf],
    url: &str,
    log: &Path,
    skips: &BTreeMap<String, String>,
) -> Result<Report> {
    let wire = Wire::open(url, log, "X-CRS-Test", Duration::from_secs(10))?;
    play_all(&load::load(tests)?, &mut Driver::Wire(wire), skips)
}

/// What a firewall answered to one request of a test, and which rules it logged.
#[allow(dead_code, reason = "runners of public test data use it, the command does not")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The test, and behind `/` which request of it when there are several.
    pub request: String,
    /// The status; 0 without an answer.
    pub status: u16,
    /// Ids in the log, each once.
    pub ids: Vec<u64>,
}

/// Sends the requests of every test of some named folders to a firewall, as [`run_over_sockets`] does, without judging any.
/// A request is called `FOLDER/TEST`.
#[allow(dead_code, reason = "runners of public test data use it, the command does not")]
pub fn observe_over_sockets(folders: &[(&str, PathBuf)], url: &str, log: &Path) -> Result<Vec<Seen>> {
    let mut driver = Driver::Wire(Wire::open(url, log, "X-CRS-Test", Duration::from_secs(10))?);
    let mut seen = Vec::new();
    for (name, folder) in folders {
        for case in &load::load(std::slice::from_ref(folder))? {
            let observed = runner::observe(case, &mut driver)?;
            let several = observed.len() > 1;
            for (at, one) in observed.into_iter().enumerate() {
                let part = if several { format!("/{}", at + 1) } else { String::new() };
                let request = format!("{name}/{}{part}", case.id);
                let status = one.response.map_or(0, |response| response.status);
                seen.push(Seen { request, status, ids: log_file::rule_ids(&one.log) });
            }
        }
    }
    Ok(seen)
}

fn play_all(cases: &[Case], driver: &mut Driver<'_>, skips: &BTreeMap<String, String>) -> Result<Report> {
    let mut report = Report::default();
    for case in cases {
        let verdict = runner::play(case, driver, skips)?;
        report.add(case, verdict);
    }
    Ok(report)
}

/// `ID reason` per line; `#` begins a comment. An id without a test or without a reason is an error.
fn skip_list(file: &Path, cases: &[Case]) -> Result<BTreeMap<String, String>> {
    let mut skips = BTreeMap::new();
    for (number, line) in read(file)?.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = || format!("{}:{}", file.display(), number + 1);
        let (id, reason) =
            line.split_once(char::is_whitespace).with_context(|| format!("{}: no reason", place()))?;
        if !cases.iter().any(|case| case.id == id) {
            bail!("{}: there is no test {id}", place());
        }
        skips.insert(id.to_owned(), reason.trim().to_owned());
    }
    Ok(skips)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests;
