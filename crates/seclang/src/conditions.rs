//! Sections that are decided while a configuration is read: `<IfModule>`, `<IfDefine>`, `<IfVersion>`.
//!
//! `<IfModule !mod_foo.c>` → true when the caller says there is no `mod_foo.c`. [`crate::include`] asks and splices or drops
//! the content. Words behind the first argument of `IfModule` and `IfDefine` are ignored, as httpd does.
//!
//! `<IfVersion>` compares with [`HTTPD_VERSION`], the reference whose reading of configuration text we follow.
//! Missing parts count as 0, so `= 2.4` is false. Version patterns (`/…/`, `~`) are refused.

use crate::ast::{Section, Word};
use crate::diagnostic::Diagnostic;

/// The httpd version that `<IfVersion>` sees.
pub const HTTPD_VERSION: [u32; 3] = [2, 4, 71];

type Finding = Box<Diagnostic>;

/// Whether the content of a conditional section counts.
pub(crate) fn holds(
    section: &Section,
    module: &dyn Fn(&str) -> bool,
    define: &dyn Fn(&str) -> bool,
) -> Result<bool, Finding> {
    if section.name.value.eq_ignore_ascii_case("IfVersion") {
        return version(section);
    }
    let Some(word) = section.args.first().filter(|word| !word.text.is_empty()) else {
        return Err(missing_argument(section));
    };
    let text = word.lossy();
    let (negated, name) = match text.strip_prefix('!') {
        Some(name) => (true, name),
        None => (false, &*text),
    };
    let known = if section.name.value.eq_ignore_ascii_case("IfModule") { module(name) } else { define(name) };
    Ok(known != negated)
}

fn missing_argument(section: &Section) -> Finding {
    let message = format!("`<{}>` requires an argument", section.name.value);
    Box::new(Diagnostic::error("argument-count", section.name.span, message))
}

fn version(section: &Section) -> Result<bool, Finding> {
    let (operator, word) = match section.args.as_slice() {
        [] => return Err(missing_argument(section)),
        [version] => (None, version),
        [operator, version, ..] => (Some(operator), version),
    };
    let written = operator.map_or_else(|| "=".into(), Word::lossy);
    let (negated, symbol) = match written.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, &*written),
    };
    if symbol == "~" || word.text.first() == Some(&b'/') {
        let message = "comparing the version with a pattern is not supported";
        return Err(Box::new(
            Diagnostic::error("unsupported-condition", word.span, message)
                .with_help("use `=`, `>`, `>=`, `<` or `<=` with a number such as 2.4.10"),
        ));
    }
    let wanted = numbers(&word.lossy()).ok_or_else(|| {
        let message = "the version must have the form major[.minor[.patch]]";
        Box::new(Diagnostic::error("invalid-version", word.span, message))
    })?;
    let holds = match symbol {
        "=" | "==" => HTTPD_VERSION == wanted,
        ">" => HTTPD_VERSION > wanted,
        ">=" => HTTPD_VERSION >= wanted,
        "<" => HTTPD_VERSION < wanted,
        "<=" => HTTPD_VERSION <= wanted,
        _ => {
            let span = operator.map_or(word.span, |word| word.span);
            let message = format!("unknown comparison `{written}`");
            return Err(Box::new(Diagnostic::error("invalid-version", span, message)));
        }
    };
    Ok(holds != negated)
}

fn numbers(text: &str) -> Option<[u32; 3]> {
    let mut parts = [0; 3];
    for (index, part) in text.split('.').enumerate() {
        *parts.get_mut(index)? = part.parse().ok()?;
    }
    Some(parts)
}
