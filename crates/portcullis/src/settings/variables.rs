//! `PORTCULLIS_*` variables: the environment in, raw entries out.
//!
//! `PORTCULLIS_LISTEN=127.0.0.1:80,[::1]:80` → the entry `listen` with two addresses. The environment is an argument. A
//! variable that looks like a misspelt setting is reported; others with our prefix are none of our business, because
//! orchestrators make some up for every service (`PORTCULLIS_SERVICE_HOST`).

use std::ffi::OsString;

use portcullis_seclang::nearest;

use super::setting::{Setting, Shape, VARIABLE_PREFIX};
use super::table;
use super::value::Value;
use super::{Entry, Origin};

/// Variables that are read elsewhere.
const OTHERS: [&str; 3] = ["PORTCULLIS_CORPUS", "PORTCULLIS_BLESS", "PORTCULLIS_REPO"];

/// What the environment says.
#[derive(Debug, Default)]
pub struct Variables {
    /// The settings in it.
    pub entries: Vec<Entry>,
    /// Sentences about names that are probably misspelt.
    pub doubts: Vec<String>,
    /// Sentences about values that cannot be read at all.
    pub errors: Vec<String>,
}

/// Reads the environment.
pub fn read(environment: impl Iterator<Item = (OsString, OsString)>) -> Variables {
    let mut found = Variables::default();
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|name| name.starts_with(VARIABLE_PREFIX)) else { continue };
        match table::all().find(|setting| setting.variable() == name) {
            None => found.doubts.extend(doubt(name)),
            Some(setting) => match value.into_string() {
                Ok(text) => found.entries.extend(entries(setting, &text)),
                Err(_) => found.errors.push(format!("{name}: the value is not UTF-8")),
            },
        }
    }
    found.entries.sort_by_key(|entry| entry.setting.name);
    found
}

fn entries(setting: &'static Setting, text: &str) -> Vec<Entry> {
    let entry = |value| Entry { setting, value, origin: Origin::Variable };
    let pieces = || text.split(',').map(str::trim).filter(|piece| !piece.is_empty());
    match setting.shape {
        Shape::List => vec![entry(Value::Many(pieces().map(str::to_owned).collect()))],
        Shape::Table => pieces().map(|piece| entry(pair(piece))).collect(),
        Shape::Text | Shape::Number | Shape::Size | Shape::Boolean => {
            vec![entry(Value::One(text.to_owned()))]
        }
    }
}

/// `NAME=VALUE`; without `=` the text stays one, which the setting then refuses.
pub fn pair(text: &str) -> Value {
    match text.split_once('=') {
        Some((name, value)) => Value::Pair(name.trim().to_owned(), value.trim().to_owned()),
        None => Value::One(text.to_owned()),
    }
}

fn doubt(name: &str) -> Option<String> {
    if OTHERS.contains(&name) {
        return None;
    }
    let names: Vec<String> = table::all().map(Setting::variable).collect();
    // The common prefix would make everything look alike.
    let bare = |name: &str| name.trim_start_matches(VARIABLE_PREFIX).to_owned();
    let bares: Vec<String> = names.iter().map(|name| bare(name)).collect();
    let near = nearest(&bare(name), bares.iter().map(String::as_str))?;
    Some(format!("the variable {name} is no setting; did you mean {VARIABLE_PREFIX}{near}?"))
}
