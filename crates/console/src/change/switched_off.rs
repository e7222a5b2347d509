//! Single rules that are off: one file with a line for each.
//!
//! `rules/activated_rules/zz-rules-off.conf` holds `SecRuleRemoveById 942100`. It is read after every set, so it takes rules out
//! wherever they stand, and no vendor's file is touched. Only lines of exactly that form are ours; others stay as they are.

use portcullis_site::{ACTIVATED_RULES, Changes, Site};

use super::file::LONGEST;
use crate::request::Failure;

/// The file's name, the last of all in byte order.
const FILE: &str = "zz-rules-off.conf";

const HEAD: &str = "# Rules that are off, whatever set they stand in: this file is read after all others.\n\
                    # Remove a line to let its rule run again.\n";

const DIRECTIVE: &str = "SecRuleRemoveById";

/// The file, below the site's root.
pub(crate) fn path() -> String {
    format!("{ACTIVATED_RULES}/{FILE}")
}

fn text(site: &Site) -> Result<String, Failure> {
    let text = site.read_file(&path(), LONGEST)?.unwrap_or_default();
    String::from_utf8(text)
        .map_err(|_| Failure::invalid(format!("`{FILE}` is not UTF-8, so it is left alone.")))
}

fn id(line: &str) -> Option<u64> {
    let mut words = line.split_whitespace();
    let is_ours = words.next()?.eq_ignore_ascii_case(DIRECTIVE);
    let id = words.next()?.trim_matches('"').parse().ok()?;
    (is_ours && words.next().is_none()).then_some(id)
}

/// The ids of rules that are off.
pub(crate) fn switched_off(site: &Site) -> Result<Vec<u64>, Failure> {
    Ok(text(site)?.lines().filter_map(id).collect())
}

/// The change of the file.
pub(super) fn change(site: &Site, off: &[u64], on: &[u64]) -> Result<Changes, Failure> {
    let before = text(site)?;
    let mut after: String =
        before.split_inclusive('\n').filter(|line| id(line).is_none_or(|id| !on.contains(&id))).collect();
    if after.is_empty() {
        HEAD.clone_into(&mut after);
    }
    if !after.ends_with('\n') {
        after.push('\n');
    }
    let known: Vec<u64> = after.lines().filter_map(id).collect();
    for id in off.iter().filter(|id| !known.contains(id)) {
        after.push_str(&format!("{DIRECTIVE} {id}\n"));
    }
    let mut changes = Changes::default();
    let is_empty = after.lines().all(|line| line.trim().is_empty() || HEAD.lines().any(|head| head == line));
    match (is_empty, before.is_empty()) {
        (true, true) => {}
        (true, false) => changes.remove(path()),
        _ if after == before => {}
        _ => changes.write(path(), after.into_bytes()),
    }
    Ok(changes)
}
