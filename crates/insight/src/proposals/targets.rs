//! Which value to take out of which rule, so that a match is gone.
//!
//! ```text
//! SecRule ARGS "@rx ^(.+)$" "id:1,chain"   q=x ▶   matched at TX:1, yet the value is ARGS:q: ARGS:q out of rule 1
//!   SecRule TX:1 "@contains x"
//! SecRule ARGS "@detectSQLi" "id:2,nolog,setvar:tx.sql=…"
//! SecRule TX:sql "@rx ." "id:3,log"                      rule 3 matched at TX:sql: ARGS:q out of rule 2, which set it
//! ```
//!
//! What a log names is the value of a chain's last link, which may be one that rules made up. A replay with every step tells
//! which link looked at the request, and which rule set the variable that another one read. The candidates are given likeliest
//! first; whether one works is for the caller to try.

use std::sync::Arc;

use portcullis_engine::RuleSet;

use crate::event::{EventDetail, MatchedRule};
use crate::explain::{ExplainedRule, matches_of};

/// How many rules that hand a value on are followed.
const DEEPEST: usize = 4;

/// Collections whose members a client names or fills one by one.
const MEMBERS: [&str; 14] = [
    "ARGS",
    "ARGS_GET",
    "ARGS_GET_NAMES",
    "ARGS_NAMES",
    "ARGS_POST",
    "ARGS_POST_NAMES",
    "FILES",
    "FILES_NAMES",
    "MULTIPART_PART_HEADERS",
    "REQUEST_COOKIES",
    "REQUEST_COOKIES_NAMES",
    "REQUEST_HEADERS",
    "REQUEST_HEADERS_NAMES",
    "XML",
];

/// Collections that rules fill, and what the engine says of the match before.
const MADE_UP: [&str; 12] = [
    "DURATION",
    "ENV",
    "GLOBAL",
    "IP",
    "MATCHED_VAR",
    "MATCHED_VARS",
    "MATCHED_VARS_NAMES",
    "MATCHED_VAR_NAME",
    "RESOURCE",
    "SESSION",
    "TX",
    "USER",
];

/// A value that a rule does not look at any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The rule.
    pub(super) rule: u64,
    /// As logs name it: `ARGS:q`.
    pub(super) variable: Vec<u8>,
}

/// The candidates for a match, the likeliest first, at least one.
pub(super) fn of(event: &EventDetail, matched: &MatchedRule, rules: &Arc<RuleSet>) -> Vec<Target> {
    let named = Target { rule: matched.id, variable: matched.variable.as_slice().to_vec() };
    let mut found = vec![named];
    let explained = matches_of(event, rules);
    follow(&explained, matched.id, None, DEEPEST, &mut found);
    // Stable: among equals, the one that was named, then the link that decided.
    found.sort_by_key(|target| rank(&target.variable));
    let mut once: Vec<Target> = Vec::new();
    for target in found {
        if !once.contains(&target) {
            once.push(target);
        }
    }
    once
}

/// Collects what a rule looked at in its match, or in the one that set a variable, last link first.
fn follow(explained: &[ExplainedRule], rule: u64, set: Option<&[u8]>, depth: usize, found: &mut Vec<Target>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for (at, link) in explained.iter().enumerate().rev().filter(|(_, link)| link.id == rule) {
        let has_set = |one: &&crate::explain::ExplainedMatch| {
            set.is_none_or(|name| one.changes.iter().any(|change| change.name.as_slice() == name))
        };
        for one in link.matches.iter().filter(has_set) {
            let variable = one.variable.as_slice().to_vec();
            if let Some(name) = variable.strip_prefix(b"TX:") {
                let name = [b"tx.", name].concat().to_ascii_lowercase();
                let before = explained.get(..at).unwrap_or_default();
                if let Some(setter) = setter(before, &name, rule) {
                    follow(before, setter, Some(&name), depth, found);
                }
            }
            found.push(Target { rule, variable });
        }
    }
}

/// The last rule before that set a variable; not the rule itself, whose chain may count in it.
fn setter(before: &[ExplainedRule], name: &[u8], rule: u64) -> Option<u64> {
    let sets = |link: &&ExplainedRule| {
        let changes = link.matches.iter().flat_map(|one| &one.changes);
        link.id != rule && link.id != 0 && changes.into_iter().any(|change| change.name.as_slice() == name)
    };
    before.iter().rev().find(sets).map(|link| link.id)
}

/// Lower is better: one value of the client's, one of the message, one that rules made up.
fn rank(variable: &[u8]) -> u8 {
    let (collection, has_name) = match variable.iter().position(|byte| *byte == b':') {
        Some(colon) => (variable.get(..colon).unwrap_or_default(), true),
        None => (variable, false),
    };
    let is_in = |names: &[&str]| names.iter().any(|name| name.as_bytes() == collection);
    match has_name {
        _ if is_in(&MADE_UP) => 2,
        true if is_in(&MEMBERS) => 0,
        _ => 1,
    }
}
