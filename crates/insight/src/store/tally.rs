//! How often which rule, path and client stands in some events: what lists of tops are made of.
//!
//! Numbers of the catalogue are counted as they come and become ids of rules at the end: one rule may have several, of rule
//! sets that followed each other.

use std::collections::HashMap;

use super::catalogue::Entries;
use crate::bytes::Bytes;
use crate::report::{TOP, Top, TopRule};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Events.
    pub(super) events: u64,
    numbers: HashMap<i64, u64>,
    rules: HashMap<u64, Rule>,
    paths: HashMap<String, u64>,
    pub(super) clients: HashMap<String, u64>,
}

#[derive(Debug, Default)]
struct Rule {
    events: u64,
    sums_up: bool,
    message: Bytes,
}

impl Tally {
    /// Counts an event.
    pub(super) fn add(&mut self, rules: impl Iterator<Item = i64>, path: &str, client: &str) {
        self.events += 1;
        for number in rules {
            *self.numbers.entry(number).or_default() += 1;
        }
        count(&mut self.paths, path, 1);
        count(&mut self.clients, client, 1);
    }

    /// Finds out which rules the numbers stand for, when everything is counted.
    pub(super) fn name(&mut self, entries: &Entries) {
        for (number, events) in self.numbers.drain() {
            let Some(entry) = entries.get(number) else { continue };
            let rule = self.rules.entry(entry.described.id).or_default();
            rule.events += events;
            rule.sums_up = entry.described.sums_up;
            rule.message.clone_from(&entry.message);
        }
    }

    /// Events of each rule, by id.
    pub(super) fn hits(&self) -> Vec<(u64, u64)> {
        let mut hits: Vec<(u64, u64)> = self.rules.iter().map(|(id, rule)| (*id, rule.events)).collect();
        hits.sort_unstable();
        hits
    }

    /// Rules with the most events, those that sum up scores left out.
    pub(super) fn top_rules(&self) -> Vec<TopRule> {
        let rules = self.rules.iter().filter(|(_, rule)| !rule.sums_up);
        let mut rules: Vec<TopRule> = rules
            .map(|(id, rule)| TopRule { rule: *id, message: rule.message.clone(), events: rule.events })
            .collect();
        rules.sort_unstable_by_key(|top| (u64::MAX - top.events, top.rule));
        rules.truncate(TOP);
        rules
    }

    pub(super) fn top_paths(&self) -> Vec<Top> {
        tops(&self.paths)
    }

    pub(super) fn top_clients(&self) -> Vec<Top> {
        tops(&self.clients)
    }
}

fn count(of: &mut HashMap<String, u64>, name: &str, events: u64) {
    match of.get_mut(name) {
        Some(known) => *known += events,
        None => drop(of.insert(name.to_owned(), events)),
    }
}

fn tops(of: &HashMap<String, u64>) -> Vec<Top> {
    let mut all: Vec<(&String, &u64)> = of.iter().collect();
    all.sort_unstable_by_key(|(name, events)| (u64::MAX - **events, *name));
    let top = |(name, events): (&String, &u64)| Top {
        name: Bytes::parse(name).unwrap_or_default(),
        events: *events,
    };
    all.into_iter().take(TOP).map(top).collect()
}
