//! `portcullis explain DIR ID`: why rules matched a stored request, step by step, by the site's rules of today.
//!
//! ```text
//! 942100  rules/activated_rules/….conf:46  SQL Injection Attack Detected via libinjection
//!   ARGS:q            1%27 OR 1=1
//!   urlDecodeUni      1' OR 1=1
//!   @detectSQLi       matched
//!   tx.inbound_…      0 → 5
//! ```

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use portcullis_insight::explain::ExplainedMatch;
use portcullis_insight::{Bytes, EventDetail, Explanation, explain};

use super::events::{expect, line};
use crate::event_store;
use crate::loading;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// The id of the request, as logs and `events` show it
    #[arg(value_name = "ID")]
    id: String,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Carries `explain` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let events = event_store::read(&arguments.site)?;
    let event = expect(&events, &arguments.id)?;
    let reading = loading::read(&arguments.site, crate::settings::read_variables().entries)?;
    let rules = reading.rule_set.context("the site has errors; `check` shows them")?;
    let explanation = explain(&event, &rules);
    let mut out = io::stdout().lock();
    if arguments.json {
        let both = serde_json::json!({ "event": event, "explanation": explanation });
        writeln!(out, "{both}")?;
    } else {
        write_text(&mut out, &event, &explanation)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write_text(out: &mut impl Write, event: &EventDetail, explanation: &Explanation) -> io::Result<()> {
    writeln!(out, "{}", line(&event.summary))?;
    writeln!(out, "{}", event.request.line)?;
    for rule in &explanation.rules {
        let message = event.matched.iter().find(|matched| matched.id == rule.id).map(|matched| &matched.msg);
        let link = if rule.is_link { "  (chained)" } else { "" };
        let message = message.map(Bytes::to_string).unwrap_or_default();
        writeln!(out, "\n{}  {}:{}  {message}{link}", rule.id, rule.file, rule.line)?;
        rule.matches.iter().try_for_each(|found| write_match(out, found))?;
    }
    for id in &explanation.missing {
        writeln!(out, "\n{id} matched then and does not match by the rules of today")?;
    }
    if explanation.is_cut {
        writeln!(out, "\nthere were too many steps: those at the end are missing")?;
    }
    for doubt in &explanation.doubts {
        writeln!(out, "\nnote: {}", doubt.sentence())?;
    }
    Ok(())
}

fn write_match(out: &mut impl Write, found: &ExplainedMatch) -> io::Result<()> {
    let mut row = |name: &str, text: &str| writeln!(out, "  {name:<28}  {text}");
    row(&found.variable.to_string(), &found.before.to_string())?;
    for step in &found.steps {
        let text = if step.changed { step.value.to_string() } else { "(no change)".to_owned() };
        row(&step.transformation, &text)?;
    }
    let last = found.steps.last().map_or(&found.before, |step| &step.value);
    let part = found.span.and_then(|(start, end)| last.as_slice().get(start..end));
    let part = part.map_or_else(|| "matched".to_owned(), |part| format!("matched `{}`", Bytes::from(part)));
    writeln!(out, "  {}\n  {:<28}  {part}", found.operator, "")?;
    for change in &found.changes {
        let shown = |value: &Option<Bytes>| value.as_ref().map_or_else(|| "-".to_owned(), Bytes::to_string);
        writeln!(out, "  {}: {} → {}", change.name, shown(&change.from), shown(&change.to))?;
    }
    Ok(())
}
