//! A flag per setting, made from the table for the commands that take settings.
//!
//! `--listen 127.0.0.1:80 --http-policy bare-lf=normalise` → two raw entries. `clap` checks that flags exist and have
//! values; what a value means is for the row of the table. Booleans may stand alone: `--join-headers` is `true`.

use clap::error::{Error, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::setting::{Setting, Shape};
use super::value::Value;
use super::{Entry, Origin, table, variables};

/// The settings given as flags.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// In the order of the table.
    pub entries: Vec<Entry>,
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        table::all().fold(command, |command, setting| command.arg(flag(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for setting in table::all() {
            let given = matches.try_get_many::<String>(setting.name);
            let given = given.map_err(|error| Error::raw(ErrorKind::InvalidValue, error))?;
            let texts: Vec<String> = given.into_iter().flatten().cloned().collect();
            if !texts.is_empty() {
                self.entries.extend(entries(setting, texts));
            }
        }
        Ok(())
    }
}

fn entries(setting: &'static Setting, mut texts: Vec<String>) -> Vec<Entry> {
    let entry = |value| Entry { setting, value, origin: Origin::Flag };
    match setting.shape {
        Shape::List => vec![entry(Value::Many(texts))],
        Shape::Table => texts.iter().map(|text| entry(variables::pair(text))).collect(),
        Shape::Text | Shape::Number | Shape::Size | Shape::Boolean => {
            texts.pop().map(|text| entry(Value::One(text))).into_iter().collect()
        }
    }
}

fn flag(setting: &'static Setting) -> Arg {
    let arg = Arg::new(setting.name)
        .long(setting.name)
        .value_name(setting.placeholder)
        .help_heading(setting.group.title())
        .help(help(setting));
    match setting.shape {
        Shape::List => arg.action(ArgAction::Append).value_delimiter(','),
        Shape::Table => arg.action(ArgAction::Append),
        Shape::Boolean => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
        Shape::Text | Shape::Number | Shape::Size => arg,
    }
}

/// `Where to listen [default: 127.0.0.1:8080]`.
fn help(setting: &Setting) -> String {
    let summary = setting.summary.trim_end_matches('.');
    match setting.default.trim_matches('"') {
        "" | "[]" | "{}" => summary.to_owned(),
        default => format!("{summary} [default: {}]", default.trim_matches(['[', ']']).replace('"', "")),
    }
}
