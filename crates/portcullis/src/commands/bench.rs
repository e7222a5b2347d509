//! `portcullis bench DIR`: what the rules of a site cost, without a socket.
//!
//! ```text
//! 5 requests, 400 rounds, 2000 exchanges, screened
//! exchange      31.2 µs   phases 1 to 5: 9.1 13.0 1.2 3.3 0.4 µs, of these screening 12.5
//! screen        41.0 values per exchange, 0.13 candidates per value
//! …
//!     rule     visits  matches    time  share  place
//! ```
//!
//! The requests of a file, or a handful of built-in ones, are sent again and again through an engine in this process, with
//! an origin that answers a page of a kilobyte. What the engine could remember of values from one request to the next is
//! left out, so that every round costs what a request never seen before costs. Reading and writing HTTP is in the time of
//! an exchange, the log is not. Times vary with the machine; visits and candidates do not.

use std::cmp::Reverse;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use portcullis_engine::{Costs, Evaluation, RuleSet};
use portcullis_proxy::stopwatch::nanos;

use crate::findings;
use crate::ftw::Answer;
use crate::in_process::InProcessSite;
use crate::loading;

/// A search, a form, JSON, a file and an attack.
const REQUESTS: &[u8] = include_bytes!("bench.http");

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// Requests as they stand on a connection, one behind the other, instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    /// The body of the origin's answer, an HTML page, instead of the built-in one of a kilobyte
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// How often every request is sent
    #[arg(long, value_name = "NUMBER", default_value_t = 400)]
    rounds: u64,
    /// How many rules are listed
    #[arg(long, value_name = "NUMBER", default_value_t = 15)]
    top: usize,
    /// Run every rule on every value, without the screen
    #[arg(long)]
    plain: bool,
}

/// What was measured.
struct Measured {
    requests: usize,
    exchanges: u64,
    nanos: u64,
    costs: Costs,
}

/// Carries `bench` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let reading = loading::read(&arguments.site, Vec::new())?;
    let rules = match reading.rule_set {
        Some(rules) if !findings::has_errors(&reading.diagnostics) => rules,
        _ => {
            findings::print(&reading.diagnostics, &reading.sources);
            bail!("{} is not a valid site, so its rules cannot be measured", arguments.site.display())
        }
    };
    let read =
        |file: &PathBuf| std::fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    let requests = arguments.requests.as_ref().map(read).transpose()?.unwrap_or_else(|| REQUESTS.to_vec());
    let origin = page(arguments.answer.as_ref().map(read).transpose()?);
    let site = InProcessSite::new(std::sync::Arc::clone(&rules))
        .with_http(reading.resolved.settings.proxy.http)
        .with_evaluation(if arguments.plain { Evaluation::Plain } else { Evaluation::Screened });
    let measured = measure(site, &requests, &origin, arguments.rounds.max(1))?;
    let mut out = std::io::stdout().lock();
    out.write_all(report(&measured, &rules, arguments).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn measure(site: InProcessSite, requests: &[u8], origin: &Answer, rounds: u64) -> Result<Measured> {
    // The first round fills caches, and is thrown away.
    let mut site = site.measuring(Costs::new(nanos));
    let first = site.connection(requests, &|_| origin.clone()).len();
    if first == 0 {
        bail!("there is no request in the file");
    }
    let mut site = site.measuring(Costs::new(nanos));
    let begun = nanos();
    let exchanges = (0..rounds).map(|_| site.connection(requests, &|_| origin.clone()).len() as u64).sum();
    let nanos = nanos() - begun;
    let costs = *site.into_costs().context("the costs are with the site")?;
    Ok(Measured { requests: first, exchanges, nanos, costs })
}

fn page(body: Option<Vec<u8>>) -> Answer {
    let line = "<p>A page of an ordinary shop: shoes, bags and things for the garden.</p>\n";
    let shop = || format!("<!DOCTYPE html>\n<title>Shop</title>\n{}", line.repeat(14)).into_bytes();
    let headers = vec![("Content-Type".to_owned(), "text/html; charset=utf-8".to_owned())];
    Answer { status: 200, headers, body: body.unwrap_or_else(shop) }
}

fn report(measured: &Measured, rules: &RuleSet, arguments: &Arguments) -> String {
    let Measured { requests, exchanges, nanos, costs } = measured;
    let each = |sum: u64| sum as f64 / *exchanges as f64;
    let micros = |sum: u64| each(sum) / 1000.0;
    let evaluator = if arguments.plain { "plain" } else { "screened" };
    let rounds = arguments.rounds.max(1);
    let phases = costs.phases.map(|sum| format!("{:.1}", micros(sum))).join(" ");
    let mut out = format!(
        "{requests} requests, {rounds} rounds, {exchanges} exchanges, {evaluator}\n\
         exchange  {:.1} µs; phases 1 to 5: {phases} µs, of these the screen {:.1}\n",
        micros(*nanos),
        micros(costs.screen)
    );
    if costs.values > 0 {
        let candidates = costs.candidates as f64 / costs.values as f64;
        out += &format!(
            "screen    {:.1} values per exchange, {candidates:.2} candidates per value\n",
            each(costs.values)
        );
    }
    let visits: u64 = costs.rules.values().map(|cost| cost.visits).sum();
    let spent: u64 = costs.rules.values().map(|cost| cost.time).sum();
    out += &format!(
        "rules     {:.1} visited per exchange, {:.1} µs\n\n{:>14}{:>9}{:>9}{:>11}{:>7}  place\n",
        each(visits),
        micros(spent),
        "rule",
        "visits",
        "matches",
        "ns",
        "share"
    );
    let mut dearest: Vec<_> = costs.rules.iter().collect();
    dearest.sort_by_key(|(index, cost)| (Reverse(cost.time), **index));
    for (index, cost) in dearest.into_iter().take(arguments.top) {
        let Some(rule) = rules.describe(*index) else { continue };
        let starter = rules.describe(rule.starter()).and_then(|starter| starter.id()).unwrap_or(0);
        let id = if rule.is_link() { format!("{starter} link") } else { starter.to_string() };
        let share = 100.0 * cost.time as f64 / spent.max(1) as f64;
        out += &format!(
            "{:>14}{:>9.2}{:>9.2}{:>11.0}{share:>6.1}%  {}:{}\n",
            id,
            each(cost.visits),
            each(cost.matches),
            each(cost.time),
            rule.file(),
            rule.line()
        );
    }
    out
}
