//! The settings in force as text: each value and where it stood.
//!
//! ```text
//! listen = ["0.0.0.0:80"]             # --platform
//! upstream = "http://127.0.0.1:3000"  # default
//! ```

use std::fmt::Write as _;

use super::setting::{Setting, Shape};
use super::value::Value;
use super::{FILE_NAME, Origin, Resolved, table};

/// A line for each setting, in the form of `portcullis.toml`.
pub fn shown(resolved: &Resolved) -> String {
    let mut out = String::new();
    for setting in table::all() {
        let mut is_default = true;
        for entry in resolved.values.iter().filter(|entry| std::ptr::eq(entry.setting, setting)) {
            is_default = false;
            line(&mut out, &assignment(setting, &entry.value), &origin(setting, entry.origin));
        }
        if is_default {
            line(&mut out, &format!("{} = {}", setting.key(), setting.default), "default");
        }
    }
    out
}

fn line(out: &mut String, assignment: &str, origin: &str) {
    let _ = writeln!(out, "{assignment:<50} # {origin}");
}

fn origin(setting: &Setting, origin: Origin) -> String {
    match origin {
        Origin::File(_) => FILE_NAME.to_owned(),
        Origin::Platform => "--platform".to_owned(),
        Origin::Container(name) => name.to_owned(),
        Origin::Variable => setting.variable(),
        Origin::Flag => format!("--{}", setting.name),
    }
}

fn assignment(setting: &Setting, value: &Value) -> String {
    let key = setting.key();
    let list = |texts: &[String]| texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ");
    match (value, setting.shape) {
        (Value::Pair(name, policy), _) => format!("{key}.{} = {}", quoted(name), quoted(policy)),
        (Value::Many(texts), _) => format!("{key} = [{}]", list(texts)),
        (Value::One(text), Shape::List) => format!("{key} = [{}]", quoted(text)),
        (Value::One(text), Shape::Number | Shape::Boolean) => format!("{key} = {text}"),
        (Value::One(text), _) => format!("{key} = {}", quoted(&without_password(text))),
    }
}

/// What stands for a password.
pub const HIDDEN: &str = "********";

/// A value as it may be shown: `postgres://shop:secret@db/events` → `postgres://shop:********@db/events`.
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // A user's name holds no colon, a password may hold an at sign.
    let Some((user, host)) = authority.rsplit_once('@') else { return hidden_parameter(text) };
    match user.split_once(':') {
        Some((user, _)) => hidden_parameter(&format!("{scheme}://{user}:{HIDDEN}@{host}{path}")),
        None => hidden_parameter(text),
    }
}

/// The same for `?password=`.
fn hidden_parameter(text: &str) -> String {
    let Some(start) = text.find("password=").map(|at| at + "password=".len()) else { return text.to_owned() };
    let (before, rest) = text.split_at(start);
    let (_, after) = rest.split_at(rest.find('&').unwrap_or(rest.len()));
    format!("{before}{HIDDEN}{after}")
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}
