//! What differs between two rule sets, for the message of a reload.
//!
//! A file with two rules is added and a pattern edited → `+2 rules, 1 rule changed`. Rules are told apart by their ids, and
//! a rule has changed when its text or that of a chain link has. Settings, data files and `SecRuleUpdate…` directives
//! are not rules: a reload that changes only those shows no rule here.

use std::collections::BTreeMap;
use std::fmt;

use portcullis_engine::RuleSet;

use crate::messages::counted;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleChanges {
    added: usize,
    removed: usize,
    changed: usize,
}

impl RuleChanges {
    /// From one rule set to the next.
    pub fn between(old: &RuleSet, new: &RuleSet) -> Self {
        let (old, new) = (texts(old), texts(new));
        let gone = |id: &&u64| !new.contains_key(id);
        let mut changes = Self { removed: old.keys().filter(gone).count(), ..Self::default() };
        for (id, text) in &new {
            match old.get(id) {
                None => changes.added += 1,
                Some(before) => changes.changed += usize::from(before != text),
            }
        }
        changes
    }
}

impl fmt::Display for RuleChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.added, format!("+{}", counted(self.added, "rule"))),
            (self.removed, format!("−{}", counted(self.removed, "rule"))),
            (self.changed, format!("{} changed", counted(self.changed, "rule"))),
        ];
        let shown: Vec<&str> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(_, text)| text.as_str()).collect();
        f.write_str(if shown.is_empty() { "same rules" } else { "" })?;
        f.write_str(&shown.join(", "))
    }
}

/// The text of each rule with its links, by id.
fn texts(rules: &RuleSet) -> BTreeMap<u64, Vec<&[u8]>> {
    let mut starters = BTreeMap::new();
    let mut texts: BTreeMap<u64, Vec<&[u8]>> = BTreeMap::new();
    for rule in rules.active_rules() {
        if let Some(id) = rule.id() {
            starters.insert(rule.index(), id);
        }
        if let Some(id) = starters.get(&rule.starter()) {
            texts.entry(*id).or_default().push(rule.text());
        }
    }
    texts
}
