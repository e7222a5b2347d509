//! A part of the memory store: records by name, in order of use and in order of expiry.
//!
//! Both orders are trees beside the table, so finding the record to give up, or one whose time is over, never walks the
//! table. The store calls it under a lock.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use portcullis_engine::{CollectionUpdate, StoredMembers};

use super::Change;
use crate::record::{self, Merged};
use crate::{Limits, Statistics};

/// What a record costs beside its name and text: table and tree entries, allocations.
const RECORD_OVERHEAD: usize = 224;

/// Expired records that an apply removes at most.
const SWEEP: usize = 4;

#[derive(Debug)]
pub(super) struct Shard {
    limits: Limits,
    records: HashMap<Arc<[u8]>, Entry>,
    /// Least recently used first.
    by_use: BTreeMap<u64, Arc<[u8]>>,
    /// The one to expire next first; the second number tells records of the same second apart.
    by_expiry: BTreeMap<(i64, u64), Arc<[u8]>>,
    bytes: usize,
    /// Uses so far.
    clock: u64,
    expired: u64,
    evicted: u64,
    /// Names of records that changed; `None` when nobody asks.
    changed: Option<HashSet<Arc<[u8]>>>,
    /// More changed than is worth noting by name: all of the shard is to be taken.
    lost_track: bool,
}

#[derive(Debug)]
struct Entry {
    text: Box<[u8]>,
    expiry: i64,
    /// The use that stored it: its place in the order of expiry.
    stored: u64,
    /// Its latest use: its place in the order of use.
    used: u64,
}

impl Shard {
    pub(super) fn new(limits: Limits, tracked: bool) -> Self {
        Self {
            limits,
            records: HashMap::new(),
            by_use: BTreeMap::new(),
            by_expiry: BTreeMap::new(),
            bytes: 0,
            clock: 0,
            expired: 0,
            evicted: 0,
            changed: tracked.then(HashSet::new),
            lost_track: false,
        }
    }

    pub(super) fn load(&mut self, name: &[u8], now_seconds: i64) -> Option<StoredMembers> {
        let entry = self.records.get_mut(name)?;
        if entry.expiry <= now_seconds {
            self.expired += 1;
            self.remove(name);
            return None;
        }
        self.clock += 1;
        if let Some(name) = self.by_use.remove(&entry.used) {
            entry.used = self.clock;
            self.by_use.insert(entry.used, name);
        }
        record::decode(&entry.text).and_then(|members| record::alive(members, now_seconds))
    }

    /// Returns how many changes were left out because the record is full.
    pub(super) fn apply(&mut self, name: &[u8], update: &CollectionUpdate, now_seconds: i64) -> usize {
        let stored = self.records.get(name).and_then(|entry| record::decode(&entry.text));
        let Merged { members, left_out } =
            record::merge(stored, update, now_seconds, self.limits.record_bytes);
        self.remove(name);
        self.sweep(now_seconds, SWEEP);
        if let Some(members) = members {
            let text = record::encode(&members);
            self.make_room(cost(name, &text), now_seconds);
            self.insert(name, text, record::expiry(&members));
        }
        left_out
    }

    pub(super) fn statistics(&self) -> Statistics {
        let Self { bytes, expired, evicted, .. } = *self;
        Statistics { records: self.records.len(), bytes, expired, evicted, ..Statistics::default() }
    }

    /// Puts a record back as it was stored elsewhere.
    pub(super) fn restore(&mut self, name: &[u8], text: &[u8]) {
        let expiry = record::decode(text).map_or(i64::MAX, |members| record::expiry(&members));
        // Expiry is left to those who know the time.
        self.make_room(cost(name, text), i64::MIN);
        self.insert(name, text.into(), expiry);
        if let Some(changed) = &mut self.changed {
            changed.remove(name);
        }
    }

    pub(super) fn lost_track(&self) -> bool {
        self.lost_track
    }

    /// The records that changed, or all of them.
    pub(super) fn take_changes(&mut self, everything: bool, out: &mut Vec<Change>) {
        let names = self.changed.as_mut().map(std::mem::take).unwrap_or_default();
        let text = |name: &Arc<[u8]>| self.records.get(name).map(|entry| entry.text.clone());
        if everything {
            self.lost_track = false;
            let change = |(name, entry): (&Arc<[u8]>, &Entry)| Change {
                name: Arc::clone(name),
                text: Some(entry.text.clone()),
            };
            out.extend(self.records.iter().map(change));
        } else {
            out.extend(names.into_iter().map(|name| Change { text: text(&name), name }));
        }
    }

    /// Notes that a record changed. Names of records that are gone count too, so their number is bounded like that of
    /// records.
    pub(super) fn note(&mut self, name: Arc<[u8]>) {
        let Some(changed) = self.changed.as_mut().filter(|_| !self.lost_track) else { return };
        changed.insert(name);
        if changed.len() > self.limits.records.saturating_mul(2) {
            self.lose_track();
        }
    }

    /// All of the shard is to be taken next time.
    pub(super) fn lose_track(&mut self) {
        self.lost_track = true;
        self.changed.iter_mut().for_each(HashSet::clear);
    }

    fn insert(&mut self, name: &[u8], text: Box<[u8]>, expiry: i64) {
        self.clock += 1;
        let (stored, used) = (self.clock, self.clock);
        let name: Arc<[u8]> = name.into();
        self.bytes += cost(&name, &text);
        self.by_use.insert(used, Arc::clone(&name));
        self.by_expiry.insert((expiry, stored), Arc::clone(&name));
        self.note(Arc::clone(&name));
        self.records.insert(name, Entry { text, expiry, stored, used });
    }

    fn remove(&mut self, name: &[u8]) {
        if let Some((name, entry)) = self.records.remove_entry(name) {
            self.by_use.remove(&entry.used);
            self.by_expiry.remove(&(entry.expiry, entry.stored));
            self.bytes -= cost(&name, &entry.text);
            self.note(name);
        }
    }

    /// Removes records whose time is over, at most so many.
    fn sweep(&mut self, now_seconds: i64, most: usize) {
        for _ in 0..most {
            let Some(((expiry, _), name)) = self.by_expiry.first_key_value() else { return };
            if *expiry > now_seconds {
                return;
            }
            let name = Arc::clone(name);
            self.remove(&name);
            self.expired += 1;
        }
    }

    /// Gives up records until one of this cost fits. A record larger than the whole shard stands alone in it.
    fn make_room(&mut self, cost: usize, now_seconds: i64) {
        while self.records.len() >= self.limits.records || self.bytes.saturating_add(cost) > self.limits.bytes
        {
            let before = self.records.len();
            self.sweep(now_seconds, 1);
            if self.records.len() < before {
                continue;
            }
            let Some((_, name)) = self.by_use.first_key_value() else { return };
            let name = Arc::clone(name);
            self.remove(&name);
            self.evicted += 1;
        }
    }
}

fn cost(name: &[u8], text: &[u8]) -> usize {
    RECORD_OVERHEAD + name.len() + text.len()
}
