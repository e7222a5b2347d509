//! What is the same whenever a rule matches, stored once: file, line, tags, severity, message.
//!
//! A rule with twelve tags that matches in a thousand events → one [`Entry`], and its number a thousand times. The number is
//! a hash of the entry, so instances that share a store need not agree on it, and an entry never changes. Workers
//! find the entry of a match here, the writer what is new, readers the content of a number.
//!
//! Limit: macros may make tags that differ in every request. Beyond [`MOST`] entries of a rule tags stay with their event:
//! they are shown, and the filter `tag` does not find them.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::bytes::Bytes;
use crate::event::{EventDetail, MatchedRule};
use crate::filter::Term;

/// Entries of a rule at most, before there is one without tags; a match looks through them.
const MOST: usize = 64;

/// What is the same whenever a rule matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Described {
    pub(super) id: u64,
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) phase: u8,
    pub(super) severity: Option<u8>,
    pub(super) tags: Vec<Bytes>,
    pub(super) version: Bytes,
    pub(super) disruptive: bool,
    pub(super) sums_up: bool,
    pub(super) detecting: bool,
}

impl Described {
    fn of(rule: &MatchedRule) -> Self {
        Self {
            id: rule.id,
            file: rule.file.clone(),
            line: rule.line,
            phase: rule.phase,
            severity: rule.severity,
            tags: rule.tags.clone(),
            version: rule.version.clone(),
            disruptive: rule.disruptive,
            sums_up: rule.sums_up,
            detecting: rule.detecting,
        }
    }

    fn is_of(&self, rule: &MatchedRule) -> bool {
        let flags = |disruptive, sums_up, detecting| (disruptive, sums_up, detecting);
        self.phase == rule.phase
            && self.severity == rule.severity
            && flags(self.disruptive, self.sums_up, self.detecting)
                == flags(rule.disruptive, rule.sums_up, rule.detecting)
            && self.version == rule.version
            && self.file == rule.file
            && self.tags == rule.tags
    }

    /// The number of this and a message: 63 bits of their hash.
    fn number(&self, message: &Bytes) -> i64 {
        let bytes = postcard::to_stdvec(&(self, message)).unwrap_or_default();
        let hash = Sha256::digest(bytes);
        let first = hash.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        i64::try_from(first >> 1).unwrap_or(0)
    }
}

/// A description with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: i64,
    pub(super) described: Described,
    /// The message when it was first seen; an event whose message is another has its own.
    pub(super) message: Bytes,
}

/// The writer's entries.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    by_place: HashMap<(u64, u32), Vec<Arc<Entry>>>,
    /// Those that are not stored yet.
    pub(super) fresh: Vec<Arc<Entry>>,
}

impl Catalogue {
    /// With the entries of the store.
    pub(super) fn with(stored: Vec<Entry>) -> Self {
        let mut catalogue = Self::default();
        stored.into_iter().for_each(|entry| catalogue.add(Arc::new(entry)));
        catalogue
    }

    fn add(&mut self, entry: Arc<Entry>) {
        self.by_place.entry((entry.described.id, entry.described.line)).or_default().push(entry);
    }

    /// The entries of the matches of an event.
    pub(super) fn entries(&mut self, event: &EventDetail) -> Vec<Arc<Entry>> {
        event.matched.iter().map(|rule| self.entry(rule)).collect()
    }

    /// The entry of a match, made when it is new; one without tags when there are too many.
    pub(super) fn entry(&mut self, rule: &MatchedRule) -> Arc<Entry> {
        if let Some(entry) = self.find(rule) {
            return entry;
        }
        let mut described = Described::of(rule);
        let known = self.by_place.get(&(rule.id, rule.line)).map_or(0, Vec::len);
        if known >= MOST && !described.tags.is_empty() {
            let untagged = MatchedRule { tags: Vec::new(), ..rule.clone() };
            if let Some(entry) = self.find(&untagged) {
                return entry;
            }
            described.tags.clear();
        }
        let entry =
            Arc::new(Entry { number: described.number(&rule.msg), described, message: rule.msg.clone() });
        self.add(Arc::clone(&entry));
        self.fresh.push(Arc::clone(&entry));
        entry
    }

    fn find(&self, rule: &MatchedRule) -> Option<Arc<Entry>> {
        let entries = self.by_place.get(&(rule.id, rule.line))?;
        entries.iter().rev().find(|entry| entry.described.is_of(rule)).cloned()
    }
}

/// A reader's entries: what numbers in rows stand for.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) by_number: HashMap<i64, Arc<Entry>>,
}

impl Entries {
    pub(super) fn get(&self, number: i64) -> Option<&Arc<Entry>> {
        self.by_number.get(&number)
    }

    /// Numbers of the entries for which this holds, sorted.
    pub(super) fn numbers(&self, holds: impl Fn(&Entry) -> bool) -> Vec<i64> {
        let found = self.by_number.values().filter(|entry| holds(entry));
        let mut numbers: Vec<i64> = found.map(|entry| entry.number).collect();
        numbers.sort_unstable();
        numbers
    }
}

impl Term {
    /// Whether an event in which this rule matched passes, whatever else it holds.
    pub(super) fn is_of_rule(&self, entry: &Entry) -> bool {
        match self {
            Term::Rule(id) => entry.described.id == *id,
            Term::Tag(tag) => entry.described.tags.iter().any(|of| of.to_string() == *tag),
            Term::Anywhere(text) => holds(entry.message.as_slice(), text.as_slice()),
            _ => false,
        }
    }
}

/// Whether bytes hold others, A to Z like a to z.
fn holds(bytes: &[u8], text: &[u8]) -> bool {
    text.is_empty() || bytes.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: u64, tag: &str) -> MatchedRule {
        MatchedRule {
            id,
            file: "a.conf".to_owned(),
            line: 7,
            phase: 2,
            msg: "seen".into(),
            data: Bytes::default(),
            severity: Some(2),
            tags: vec![tag.into()],
            version: Bytes::default(),
            variable: "ARGS:q".into(),
            value: Bytes::default(),
            value_length: 0,
            operator: Bytes::default(),
            intercepted: false,
            disruptive: false,
            sums_up: false,
            detecting: false,
        }
    }

    #[test]
    fn a_rule_is_described_once_and_again_when_it_changes() {
        let mut catalogue = Catalogue::default();
        let first = catalogue.entry(&rule(1, "a")).number;
        assert_eq!(catalogue.entry(&MatchedRule { value: "other".into(), ..rule(1, "a") }).number, first);
        let others = [
            rule(2, "a"),
            rule(1, "b"),
            MatchedRule { line: 8, ..rule(1, "a") },
            MatchedRule { file: "b.conf".to_owned(), ..rule(1, "a") },
            MatchedRule { severity: None, ..rule(1, "a") },
            MatchedRule { detecting: true, ..rule(1, "a") },
        ];
        for other in &others {
            assert_ne!(catalogue.entry(other).number, first, "{other:?}");
        }
        assert_eq!(catalogue.fresh.len(), 1 + others.len());
        let same = Catalogue::with(catalogue.fresh.iter().map(|entry| Entry::clone(entry)).collect());
        assert_eq!(same.find(&rule(1, "a")).unwrap().number, first);
    }

    #[test]
    fn tags_that_change_with_each_request_make_a_bounded_number_of_entries() {
        let mut catalogue = Catalogue::default();
        for tag in 0..1000 {
            catalogue.entry(&rule(1, &tag.to_string()));
        }
        assert_eq!(catalogue.fresh.len(), MOST + 1);
        assert!(catalogue.entry(&rule(1, "one more")).described.tags.is_empty());
        assert!(!catalogue.entry(&rule(1, "3")).described.tags.is_empty(), "those that are known stay");
        assert!(!catalogue.entry(&rule(2, "x")).described.tags.is_empty(), "other rules are not concerned");
    }
}
