//! The store that survives a restart: a memory store, and behind it a file that follows it.
//!
//! ```text
//! DiskStore::open(SecDataDir) ─ every record ─▶ memory ◀─ load, apply ─ requests
//!                                                 └─ what changed, once a second ─▶ collections.redb
//! ```
//!
//! Requests are answered from memory and never wait for a disk. What changed since the last save is written in one
//! transaction of the file, by a thread of its own, at most a second later and when the store is dropped; after a crash at
//! most that second is missing, and the file is whole. When the disk is full or gone the store goes on in memory, says so,
//! and tries again; nothing is forgotten meanwhile.
//!
//! One process at a time: the file is locked, since a second process would overwrite records it does not see. Stores that
//! several processes share are another backend's work. The file holds what rules stored, so only its owner may read it.
//! (manual: "Persistent collections, SecDataDir")

mod file;
mod saver;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_engine::{CollectionUpdate, StoredMembers};

use crate::error::OpenError;
use crate::{Answer, Limits, MemoryStore, Statistics, Store, StoreError};
use file::RecordFile;
use saver::Saver;

/// The file in the data directory.
const FILE_NAME: &str = "collections.redb";

/// Receives a sentence about the store, for the log. It must not block.
pub type Report = Box<dyn Fn(String) + Send>;

/// See the module.
pub struct DiskStore {
    memory: Arc<MemoryStore>,
    saver: Saver,
}

impl DiskStore {
    /// Time between two saves.
    pub const INTERVAL: Duration = Duration::from_secs(1);

    /// Opens the store in a directory, which is made when it is missing, and reads what it holds. `report` is told when saving begins to fail and when it
    /// works again.
    pub fn open(directory: &Path, limits: Limits, report: Report) -> Result<Self, OpenError> {
        Self::open_every(directory, limits, Self::INTERVAL, report)
    }

    /// [`DiskStore::open`] with another time between two saves.
    pub fn open_every(
        directory: &Path,
        limits: Limits,
        interval: Duration,
        report: Report,
    ) -> Result<Self, OpenError> {
        let memory = Arc::new(MemoryStore::tracked(limits));
        let made = DirBuilder::new().mode(0o700).create(directory);
        made.or_else(|error| if directory.is_dir() { Ok(()) } else { Err(error) })
            .map_err(|source| OpenError::Io { path: directory.to_owned(), source })?;
        let file = RecordFile::open(&directory.join(FILE_NAME))?;
        file.read(|name, text| memory.restore(name, text))?;
        let saver = Saver::start(Arc::clone(&memory), file, interval, report)?;
        Ok(Self { memory, saver })
    }

    /// [`Store::load`], at once.
    pub fn load_now(
        &self,
        collection: &[u8],
        key: &[u8],
        now_seconds: i64,
    ) -> Result<Option<StoredMembers>, StoreError> {
        self.memory.load_now(collection, key, now_seconds)
    }

    /// [`Store::apply`], at once.
    pub fn apply_now(&self, update: &CollectionUpdate, now_seconds: i64) -> Result<(), StoreError> {
        self.memory.apply_now(update, now_seconds)
    }

    /// Saves what changed until now; `false` when that failed or the time was not enough.
    pub fn save(&self, patience: Duration) -> bool {
        self.saver.save(patience) == Some(true)
    }

    /// What the store holds and had to give up.
    pub fn statistics(&self) -> Statistics {
        let memory = self.memory.statistics();
        Statistics { failed_saves: self.saver.failures(), ..memory }
    }
}

impl Store for DiskStore {
    fn load<'a>(
        &'a self,
        collection: &'a [u8],
        key: &'a [u8],
        now_seconds: i64,
    ) -> Answer<'a, Option<StoredMembers>> {
        self.memory.load(collection, key, now_seconds)
    }

    fn apply<'a>(&'a self, update: &'a CollectionUpdate, now_seconds: i64) -> Answer<'a, ()> {
        self.memory.apply(update, now_seconds)
    }
}
