//! `portcullis settings get|set DIR NAME [VALUE]`: what `portcullis.toml` and the rule set's set-up file hold.
//!
//! ```text
//! settings set S paranoia-level 2     tx.blocking_paranoia_level in rules/activated_rules/000-crs-setup.conf
//! settings set S workers 4            workers in portcullis.toml
//! ```
//!
//! One value is changed and every other byte stays. The change is validated, written and committed as [`crate::change`] does
//! it. `get` prints what the files say, which flags and variables of a running proxy may override.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use portcullis_site::{Changes, Site, TUNINGS, Tuning};
use toml_edit::{DocumentMut, Item, Value};

use crate::change;
use crate::messages::say;
use crate::settings::{self, FILE_NAME, Setting};

/// The longest `portcullis.toml` that is edited.
const LONGEST: u64 = 1 << 20;

/// Arguments of `settings`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print a value; nothing when the default is in force
    Get {
        /// The site
        #[arg(value_name = "DIR")]
        site: PathBuf,
        /// A setting of docs/settings.md, or paranoia-level, inbound-threshold, allowed-methods, …
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Change a value
    Set {
        /// The site
        #[arg(value_name = "DIR")]
        site: PathBuf,
        /// As for `get`
        #[arg(value_name = "NAME")]
        name: String,
        /// The new value; of portcullis.toml, as it stands there or as plain text
        #[arg(value_name = "VALUE")]
        value: String,
    },
}

/// Where a name belongs.
enum Place {
    RuleSet(&'static Tuning),
    Proxy(&'static Setting),
}

/// Carries `settings` out.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.command {
        Command::Get { site, name } => get(&Site::open(site)?, name),
        Command::Set { site, name, value } => set(&Site::open(site)?, name, value),
    }
}

fn place(name: &str) -> Result<Place> {
    if let Some(tuning) = Tuning::named(name) {
        return Ok(Place::RuleSet(tuning));
    }
    if let Some(setting) = settings::named(name) {
        return Ok(Place::Proxy(setting));
    }
    let known: Vec<String> = TUNINGS.iter().map(|t| format!("  {:<20} {}", t.name, t.summary)).collect();
    bail!(
        "no setting is called `{name}`; docs/settings.md has those of the proxy, and of the rule set there are\n{}",
        known.join("\n")
    )
}

/// What `portcullis.toml` says of a setting, as text.
pub fn in_file(site: &Site, setting: &Setting) -> Result<Option<String>> {
    Ok(document(site)?.get(&key(setting)).map(|item| match item.as_str() {
        Some(text) => text.to_owned(),
        None => item.to_string().trim().to_owned(),
    }))
}

fn key(setting: &Setting) -> String {
    setting.name.replace('-', "_")
}

fn document(site: &Site) -> Result<DocumentMut> {
    let text = site.read_file(FILE_NAME, LONGEST)?.unwrap_or_default();
    let text = String::from_utf8(text).with_context(|| format!("{FILE_NAME} is not UTF-8"))?;
    text.parse().with_context(|| format!("{FILE_NAME} is no TOML; `portcullis check` says where"))
}

fn get(site: &Site, name: &str) -> Result<ExitCode> {
    let value = match place(name)? {
        Place::RuleSet(tuning) => site.tuning(tuning)?,
        Place::Proxy(setting) => in_file(site, setting)?,
    };
    if let Some(value) = value {
        writeln!(io::stdout(), "{value}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn set(site: &Site, name: &str, value: &str) -> Result<ExitCode> {
    let changes = match place(name)? {
        Place::RuleSet(tuning) => site.tuning_change(tuning, value)?,
        Place::Proxy(setting) => in_document(site, setting, value)?,
    };
    if changes.is_empty() {
        writeln!(io::stdout(), "{name} is {value} already")?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(made) = change::make(site, &changes, &format!("Set {name} to {value}"))? else {
        say("nothing was changed: the site would have errors");
        return Ok(ExitCode::FAILURE);
    };
    writeln!(io::stdout(), "{name} = {value}")?;
    write!(io::stdout(), "{}", change::told(&made))?;
    Ok(ExitCode::SUCCESS)
}

/// The value as TOML, or as text where it is none; the comment behind the old one stays. An empty value takes it out.
pub fn in_document(site: &Site, setting: &Setting, value: &str) -> Result<Changes> {
    let mut document = document(site)?;
    let before = document.to_string();
    if value.is_empty() {
        document.remove(&key(setting));
        return Ok(written(&before, document.to_string()));
    }
    let mut new: Value = value.parse().unwrap_or_else(|_| Value::from(value));
    let key = key(setting);
    if let Some(old) = document.get(&key).and_then(Item::as_value) {
        *new.decor_mut() = old.decor().clone();
    }
    document[&key] = Item::Value(new);
    Ok(written(&before, document.to_string()))
}

fn written(before: &str, after: String) -> Changes {
    let mut changes = Changes::default();
    if before != after {
        changes.write(FILE_NAME, after.into_bytes());
    }
    changes
}
