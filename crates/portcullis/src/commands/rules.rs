//! `portcullis rules list|show|enable|disable|detect|protect|diff|add DIR …`: the rule sets of a site.
//!
//! ```text
//! protect  REQUEST-942-APPLICATION-ATTACK-SQLI.conf   62 rules, PL 1-4, edited   SQL injection
//! off      21-bots.conf                                8 rules                    Bots
//! ```
//!
//! NAME is a set's file name. Every change is validated, written and committed as [`crate::change`] does it.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use portcullis_site::history::unified;
use portcullis_site::{Changes, RuleSetFile, Site, State};
use serde_json::{Value, json};

use crate::change;
use crate::messages::{counted, say};

/// Arguments of `rules`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Args)]
struct One {
    /// The site
    #[arg(value_name = "DIR")]
    site: PathBuf,
    /// The set: its file name
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the rule sets, those that run first
    List {
        /// The site
        #[arg(value_name = "DIR")]
        site: PathBuf,
        /// As one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show what a set says of itself, and its text
    Show(One),
    /// Let a set run: copy it and the data files it names to rules/activated_rules
    Enable {
        #[command(flatten)]
        one: One,
        /// Let it log and score apart, and block nothing
        #[arg(long)]
        detect: bool,
    },
    /// Take a set out of rules/activated_rules
    Disable {
        #[command(flatten)]
        one: One,
        /// Also when it was edited there, or has no source
        #[arg(long)]
        force: bool,
    },
    /// Let a set that runs log and score apart, and block nothing
    Detect(One),
    /// Let a set that runs block
    Protect(One),
    /// Show how a set that runs differs from its source
    Diff(One),
    /// Add files to rules/own_rules, to be enabled from there
    Add {
        /// The site
        #[arg(value_name = "DIR")]
        site: PathBuf,
        /// Rule files, and data files they name
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
}

/// Carries `rules` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.command {
        Command::List { site, json } => list(&Site::open(site)?, *json),
        Command::Show(one) => show(one),
        Command::Diff(one) => diff(one),
        Command::Enable { one, detect } => enable(one, *detect),
        Command::Disable { one, force } => disable(one, *force),
        Command::Detect(one) => state(one, State::Detect),
        Command::Protect(one) => state(one, State::Protect),
        Command::Add { site, files } => add(&Site::open(site)?, files),
    }
}

impl One {
    fn open(&self) -> Result<(Site, RuleSetFile)> {
        let site = Site::open(&self.site)?;
        let set = site.rule_set_file(&self.name)?;
        Ok((site, set))
    }
}

fn list(site: &Site, as_json: bool) -> Result<ExitCode> {
    let sets = site.rule_sets()?;
    let mut out = io::stdout().lock();
    if as_json {
        let sets: Vec<Value> = sets.iter().map(in_json).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&sets)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let widest = sets.iter().map(|set| set.name.len()).max().unwrap_or(0);
    for set in &sets {
        let name = &set.name;
        let line =
            format!("{:<8} {name:<widest$}  {:<28} {}", set.state.to_string(), numbers(set), set.about.title);
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn numbers(set: &RuleSetFile) -> String {
    let mut text = counted(set.about.rules, "rule");
    let levels = &set.about.paranoia_levels;
    if let (Some(first), Some(last)) = (levels.first(), levels.last()) {
        let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
        text.push_str(&format!(", PL {range}"));
    }
    if set.is_edited {
        text.push_str(", edited");
    }
    if set.source.is_none() {
        text.push_str(", no source");
    }
    text
}

fn in_json(set: &RuleSetFile) -> Value {
    json!({
        "name": set.name, "state": set.state.to_string(), "title": set.about.title,
        "description": set.about.description, "rules": set.about.rules,
        "paranoia_levels": set.about.paranoia_levels, "edited": set.is_edited,
        "source": set.source, "activated": set.activated,
    })
}

fn show(one: &One) -> Result<ExitCode> {
    let (site, set) = one.open()?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}: {}, {}", set.name, set.state, numbers(&set))?;
    for path in set.source.iter().chain(&set.activated) {
        writeln!(out, "  {}", path.display())?;
    }
    for text in [&set.about.title, &set.about.description].into_iter().filter(|text| !text.is_empty()) {
        writeln!(out, "{text}")?;
    }
    if let Some(path) = set.activated.as_ref().or(set.source.as_ref()) {
        writeln!(out)?;
        out.write_all(&site.text(path)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn diff(one: &One) -> Result<ExitCode> {
    let (site, set) = one.open()?;
    let (Some(source), Some(running)) = (&set.source, &set.activated) else {
        bail!("`{}` {}", set.name, if set.source.is_none() { "has no source" } else { "is off" });
    };
    write!(io::stdout(), "{}", unified(running, Some(&site.text(source)?), Some(&site.text(running)?)))?;
    Ok(ExitCode::SUCCESS)
}

fn enable(one: &One, detect: bool) -> Result<ExitCode> {
    let (site, set) = one.open()?;
    let mut changes = site.enable_change(&set)?;
    let wanted = if detect { State::Detect } else { State::Protect };
    changes.extend(site.state_change(&set, wanted)?);
    let how = if detect { " in detection" } else { "" };
    finish(
        &site,
        &changes,
        &format!("Enable {}{how}", set.name),
        &format!("{} is {wanted} already", set.name),
    )
}

fn disable(one: &One, force: bool) -> Result<ExitCode> {
    let (site, set) = one.open()?;
    let changes = site.disable_change(&set, force)?;
    finish(&site, &changes, &format!("Disable {}", set.name), &format!("{} is off already", set.name))
}

fn state(one: &One, state: State) -> Result<ExitCode> {
    let (site, set) = one.open()?;
    if set.state == State::Off {
        bail!("`{}` is off; `rules enable` lets it run", set.name);
    }
    let changes = site.state_change(&set, state)?;
    let message = format!("Let {} {state}", set.name);
    finish(&site, &changes, &message, &format!("{} is in that state already", set.name))
}

fn add(site: &Site, files: &[PathBuf]) -> Result<ExitCode> {
    let mut named = Vec::new();
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("`{}` has no file name in UTF-8", file.display()))?;
        let content = fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        named.push((name.to_owned(), content));
    }
    let changes = site.add_change(&named)?;
    let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
    finish(site, &changes, &format!("Add {}", names.join(", ")), "the files are there already")
}

fn finish(site: &Site, changes: &Changes, message: &str, nothing: &str) -> Result<ExitCode> {
    if changes.is_empty() {
        writeln!(io::stdout(), "{nothing}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(made) = change::make(site, changes, message)? else {
        say("nothing was changed: the site would have errors");
        return Ok(ExitCode::FAILURE);
    };
    let told = change::told(&made);
    if told.is_empty() {
        writeln!(io::stdout(), "{message}")?;
    } else {
        write!(io::stdout(), "{told}")?;
    }
    Ok(ExitCode::SUCCESS)
}
