//! `portcullis tune DIR [ID [RULE]]`: what protection would have blocked, and exclusions with what they would have changed.
//!
//! ```text
//! $ portcullis tune shop                       41 of 20133 requests would have been blocked; rules, paths, clients
//! $ portcullis tune shop Zx1… 942100           exclusions, the narrowest first, each replayed on stored events
//! $ portcullis tune shop Zx1… 942100 --apply 1 --reason "search takes SQL words"      a commit
//! ```
//!
//! An exclusion is written to a file of its own and never into a rule set's.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use portcullis_insight::proposals::{Effect, Proposal, tried};
use portcullis_insight::{EventDetail, Events, Protection, Window, proposals};
use portcullis_site::Site;

use super::events::{expect, line, seconds, window};
use crate::change;
use crate::event_store;
use crate::loading;
use crate::messages::counted;

/// How many stored events an exclusion is tried on, the newest.
const TRIED: usize = 2000;

/// Arguments of `tune`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// The id of a request that a rule should not have matched
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// The rule; needed when several matched
    #[arg(value_name = "RULE")]
    rule: Option<u64>,
    /// Look at the last so much time only: 30min, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    last: Option<i64>,
    /// Make the exclusion with this number
    #[arg(long, value_name = "N", requires = "id", requires = "reason")]
    apply: Option<usize>,
    /// Why, for the file and the commit
    #[arg(long, value_name = "TEXT", requires = "apply")]
    reason: Option<String>,
}

/// Carries `tune` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let events = event_store::read(&arguments.site)?;
    let window = window(arguments.last);
    let mut out = io::stdout().lock();
    let Some(id) = &arguments.id else {
        write_protection(&mut out, &events.protection(window)?)?;
        return Ok(ExitCode::SUCCESS);
    };
    let event = expect(&events, id)?;
    let rule = rule(&event, arguments.rule)?;
    let site = Site::open(&arguments.site)?;
    let found = propose(&site, &events, &event, rule, window)?;
    match (arguments.apply, &arguments.reason) {
        (Some(number), Some(reason)) => apply(&mut out, &site, &found, number, reason),
        _ => {
            writeln!(out, "{}", line(&event.summary))?;
            for (index, proposal) in found.iter().enumerate() {
                write_proposal(&mut out, index + 1, proposal)?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The rule to exclude: the one named, or the only one that looked at the request itself.
fn rule(event: &EventDetail, named: Option<u64>) -> Result<u64> {
    let mut found: Vec<u64> = event.matched.iter().filter(|rule| !rule.sums_up).map(|rule| rule.id).collect();
    found.dedup();
    match (named, found.as_slice()) {
        (Some(rule), _) => Ok(rule),
        (None, [rule]) => Ok(*rule),
        (None, _) => bail!("several rules matched; name one of {found:?} behind the id"),
    }
}

fn propose(
    site: &Site,
    events: &Events,
    event: &EventDetail,
    rule: u64,
    window: Window,
) -> Result<Vec<Proposal>> {
    let reading = loading::read_site(site.clone(), crate::settings::read_variables().entries);
    let settings = reading.resolved.settings;
    let site = site.clone().with_defines(settings.defines);
    let stored = tried(events, event, rule, window, TRIED)?;
    Ok(proposals(&site, settings.compatibility, None, event, rule, &stored)?)
}

fn apply(
    out: &mut impl Write,
    site: &Site,
    found: &[Proposal],
    number: usize,
    reason: &str,
) -> Result<ExitCode> {
    let Some(proposal) = number.checked_sub(1).and_then(|index| found.get(index)) else {
        bail!("there is no exclusion {number}; there are {}", found.len());
    };
    let changes = proposal.with_reason(site, reason)?;
    let message = format!("{}\n\n{reason}\n\n{}", proposal.summary, sentence(&proposal.effect));
    let Some(made) = change::make(site, &changes, &message)? else { return Ok(ExitCode::FAILURE) };
    writeln!(out, "{}: {}", proposal.file.display(), proposal.summary)?;
    write!(out, "{}", change::told(&made))?;
    Ok(ExitCode::SUCCESS)
}

fn write_proposal(out: &mut impl Write, number: usize, proposal: &Proposal) -> io::Result<()> {
    writeln!(out, "\n{number}. {}", proposal.summary)?;
    writeln!(out, "   {}", sentence(&proposal.effect))?;
    writeln!(out, "   {}", proposal.file.display())?;
    proposal.text.lines().try_for_each(|line| writeln!(out, "       {line}"))
}

/// What an exclusion would have changed, in words.
fn sentence(effect: &Effect) -> String {
    let mut text = format!(
        "Of {} in which the rule matches, {} would match no rule at all and {} would no longer be blocked",
        counted(usize::try_from(effect.events).unwrap_or(usize::MAX), "stored event"),
        effect.cleared,
        effect.released,
    );
    if effect.released_with_other_rules > 0 {
        text.push_str(&format!(
            ", {} of these although other rules match: look at them",
            effect.released_with_other_rules
        ));
    }
    text.push('.');
    if effect.doubtful > 0 {
        text.push_str(&format!(" {} could not be replayed exactly.", effect.doubtful));
    }
    if effect.not_reproduced > 0 {
        text.push_str(&format!(" {} more do not match by the rules of today.", effect.not_reproduced));
    }
    text
}

fn write_protection(out: &mut impl Write, protection: &Protection) -> io::Result<()> {
    let totals = &protection.totals;
    writeln!(
        out,
        "{} of {} would have been blocked in protection; {} were.",
        totals.would_be_blocked,
        counted(usize::try_from(totals.requests).unwrap_or(usize::MAX), "request"),
        totals.blocked,
    )?;
    if protection.stored != totals.would_be_blocked {
        writeln!(out, "{} of them are stored.", protection.stored)?;
    }
    for rule in &protection.rules {
        writeln!(out, "  {:>8}  rule {}  {}", rule.events, rule.rule, rule.message)?;
    }
    for (kind, tops) in [("path", &protection.paths), ("client", &protection.clients)] {
        for top in tops {
            writeln!(out, "  {:>8}  {kind} {}", top.events, top.name)?;
        }
    }
    Ok(())
}
