//! `portcullis events DIR [WORDS]`: the stored events that pass a filter, the newest last.
//!
//! ```text
//! $ portcullis events shop rule:942100 path:/search*
//! 2026-03-02 10:11:12Z  Zx1…  192.0.2.7  GET /search  200  would_be_blocked  5  942100,949110  SQL Injection Attack
//! ```
//!
//! It reads the store beside a running proxy. `explain DIR ID` tells more of one of them.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use jiff::Timestamp;
use portcullis_insight::{EventSummary, Events, Filter, MOST_ON_PAGE, Window};

use super::USAGE;
use crate::event_store;
use crate::local_time;
use crate::messages::say;

/// Arguments of `events`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// What they must have: rule:942100 tag:… path:/x* client:… host:… method:… id:… status:4xx score:>5 verdict:blocked,
    /// or words found in what matched
    #[arg(value_name = "WORDS")]
    filter: Vec<String>,
    /// Only those of the last so much time: 30min, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    last: Option<i64>,
    /// How many to show, the newest
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// One JSON object per event
    #[arg(long)]
    json: bool,
}

/// `90s`, `30min`, `12h`, `7d` as seconds.
pub fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || "write a number and a unit: 90s, 30min, 12h, 7d".to_owned();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor: i64 = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).ok_or_else(wrong)
}

/// The last so many seconds, or all there is.
pub fn window(last: Option<i64>) -> Window {
    last.map_or(Window::ALL, |seconds| Window::last(local_time::now_micros(), seconds))
}

/// Carries `events` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let text = arguments.filter.join(" ");
    let filter = match Filter::parse(&text) {
        Ok(filter) => filter.within(window(arguments.last)),
        Err(error) => {
            say(format_args!("`{}`: {error}", text.get(error.start..error.end).unwrap_or_default()));
            return Ok(ExitCode::from(USAGE));
        }
    };
    let events = event_store::read(&arguments.site)?;
    let mut found = newest(&events, &filter, arguments.limit)?;
    found.reverse();
    let mut out = io::stdout().lock();
    for event in &found {
        let line = if arguments.json { serde_json::to_string(event)? } else { line(event) };
        writeln!(out, "{line}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn newest(events: &Events, filter: &Filter, limit: usize) -> Result<Vec<EventSummary>> {
    let (mut found, mut before) = (Vec::new(), None);
    while found.len() < limit {
        let page = events.list(filter, before, (limit - found.len()).min(MOST_ON_PAGE))?;
        found.extend(page.items);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    Ok(found)
}

/// An event in one line.
pub fn line(event: &EventSummary) -> String {
    let rules: Vec<String> = event.rules.iter().map(u64::to_string).collect();
    let status = event.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    format!(
        "{}  {}  {}  {} {}  {status}  {}  {}  {}  {}",
        time(event.micros),
        event.id,
        event.client,
        event.method,
        event.path,
        event.verdict.name(),
        event.score,
        rules.join(","),
        event.message,
    )
}

/// A moment in words.
pub fn time(micros: i64) -> String {
    Timestamp::from_microsecond(micros)
        .map_or_else(|_| micros.to_string(), |time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// The event of an id.
pub fn expect(events: &Events, id: &str) -> Result<portcullis_insight::EventDetail> {
    match events.get(id)? {
        Some(event) => Ok(event),
        None => bail!("no event has the id {id}; `events` lists them"),
    }
}
