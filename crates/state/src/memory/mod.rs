//! The store of one process: everything in memory, gone when the process ends.
//!
//! Records are spread over shards by a hash clients cannot predict, each behind a lock that is held for microseconds.
//! When a shard is full the record whose expiry comes first goes if its time is over, otherwise the one that was not
//! used for the longest time ([`Statistics::evicted`]). Every apply also removes a few expired records of its shard, so
//! garbage does not pile up where traffic is. Bounds are divided among the shards; a store of few records has one.
//! Both calls answer at once: [`MemoryStore::load_now`] and [`MemoryStore::apply_now`] serve drivers without async.

mod shard;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_engine::{CollectionUpdate, StoredMembers};

use crate::{Answer, Limits, Statistics, Store, StoreError};
use shard::Shard;

/// A shard is worth its lock from this many records.
const RECORDS_PER_SHARD: usize = 1024;
const MOST_SHARDS: usize = 64;

/// See the module.
#[derive(Debug)]
pub struct MemoryStore {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(limits: Limits) -> Self {
        Self::with(limits, false)
    }

    /// An empty store that notes which records change, for one that follows it.
    pub(crate) fn tracked(limits: Limits) -> Self {
        Self::with(limits, true)
    }

    fn with(limits: Limits, tracked: bool) -> Self {
        let count = (limits.records / RECORDS_PER_SHARD).clamp(1, MOST_SHARDS);
        let share = Limits {
            records: limits.records.div_ceil(count).max(1),
            bytes: limits.bytes.div_ceil(count),
            record_bytes: limits.record_bytes,
        };
        let shards = (0..count).map(|_| Mutex::new(Shard::new(share, tracked))).collect();
        Self { shards, hasher: RandomState::new() }
    }

    /// [`Store::load`], at once.
    pub fn load_now(
        &self,
        collection: &[u8],
        key: &[u8],
        now_seconds: i64,
    ) -> Result<Option<StoredMembers>, StoreError> {
        let name = record_name(collection, key);
        Ok(self.shard(&name).load(&name, now_seconds))
    }

    /// [`Store::apply`], at once.
    pub fn apply_now(&self, update: &CollectionUpdate, now_seconds: i64) -> Result<(), StoreError> {
        let name = record_name(&update.collection, &update.key);
        let left_out = self.shard(&name).apply(&name, update, now_seconds);
        match left_out {
            0 => Ok(()),
            _ => {
                let collection = String::from_utf8_lossy(&update.collection).into_owned();
                Err(StoreError::RecordFull { collection, left_out })
            }
        }
    }

    /// What the store holds and had to give up.
    pub fn statistics(&self) -> Statistics {
        let each = self.shards.iter().map(|shard| lock(shard).statistics());
        each.fold(Statistics::default(), Statistics::plus)
    }

    /// Puts back a record that was stored elsewhere; that is no change.
    pub(crate) fn restore(&self, name: &[u8], text: &[u8]) {
        self.shard(name).restore(name, text);
    }

    /// The records that changed since the last time, as they are now.
    pub(crate) fn take_changes(&self) -> Changes {
        let everything = self.shards.iter().any(|shard| lock(shard).lost_track());
        let mut records = Vec::new();
        self.shards.iter().for_each(|shard| lock(shard).take_changes(everything, &mut records));
        Changes { records, everything }
    }

    /// Makes everything a change.
    pub(crate) fn lose_track(&self) {
        self.shards.iter().for_each(|shard| lock(shard).lose_track());
    }

    /// Notes changes again that could not be brought on.
    pub(crate) fn return_changes(&self, changes: Changes) {
        if changes.everything {
            self.lose_track();
        } else {
            changes.records.into_iter().for_each(|change| self.shard(&change.name).note(change.name));
        }
    }

    fn shard(&self, name: &[u8]) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one(name);
        // There is at least one shard, and the remainder is below their number.
        lock(&self.shards[(hash % self.shards.len() as u64) as usize])
    }
}

impl Store for MemoryStore {
    fn load<'a>(
        &'a self,
        collection: &'a [u8],
        key: &'a [u8],
        now_seconds: i64,
    ) -> Answer<'a, Option<StoredMembers>> {
        Box::pin(std::future::ready(self.load_now(collection, key, now_seconds)))
    }

    fn apply<'a>(&'a self, update: &'a CollectionUpdate, now_seconds: i64) -> Answer<'a, ()> {
        Box::pin(std::future::ready(self.apply_now(update, now_seconds)))
    }
}

/// What a store that follows has to do.
pub(crate) struct Changes {
    pub(crate) records: Vec<Change>,
    /// These are all records: others do not exist any more.
    pub(crate) everything: bool,
}

/// A record that changed.
pub(crate) struct Change {
    pub(crate) name: Arc<[u8]>,
    /// Its text form; `None` when it is gone.
    pub(crate) text: Option<Box<[u8]>>,
}

/// A panic elsewhere cannot leave a shard half changed: its steps do not call foreign code.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One name for collection and key: the length of the first, then both, so that no two pairs share one.
fn record_name(collection: &[u8], key: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(4 + collection.len() + key.len());
    name.extend_from_slice(&u32::try_from(collection.len()).unwrap_or(u32::MAX).to_le_bytes());
    name.extend_from_slice(collection);
    name.extend_from_slice(key);
    name
}
