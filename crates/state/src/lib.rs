//! Persistent collections (GLOBAL, RESOURCE, IP, SESSION, USER and what `initcol` names): one contract, several stores.
//!
//! ```text
//! Need::Collection ─ Store::load ─▶ Answer::Collection        at initcol, setsid, setuid, setrsc
//! Transaction::collection_updates ─ Store::apply ─▶ record    after phase 5
//! ```
//!
//! ```
//! use portcullis_engine::{CollectionUpdate, MemberChange};
//! use portcullis_state::{Limits, MemoryStore};
//!
//! let store = MemoryStore::new(Limits::default());
//! let add = MemberChange::Add { name: b"hits".to_vec(), delta: 1, otherwise: 1 };
//! let update = CollectionUpdate { collection: b"ip".to_vec(), key: b"192.0.2.7".to_vec(), changes: vec![add] };
//! store.apply_now(&update, 1_000)?; // two instances that count a request each
//! store.apply_now(&update, 1_000)?;
//! let members = store.load_now(b"ip", b"192.0.2.7", 1_000)?.unwrap_or_default();
//! assert!(members.contains(&(b"hits".to_vec(), b"2".to_vec())));
//! # Ok::<(), portcullis_state::StoreError>(())
//! ```
//!
//! What a collection and its changes are is the engine's business; here is how they meet what others stored meanwhile
//! (`record`), where records live ([`MemoryStore`], [`DiskStore`]), when they expire, and what happens when room runs out. Nothing
//! grows without bound: records have a size, stores a number of records and bytes.
//! (manual: "Persistent collections")

mod disk;
mod error;
mod limits;
mod memory;
mod record;

pub use disk::{DiskStore, Report};
pub use error::{OpenError, StoreError};
pub use limits::{Limits, Statistics};
pub use memory::MemoryStore;
pub use portcullis_engine::{CollectionUpdate, MemberChange, StoredMembers};

use std::pin::Pin;

/// What a store answers, possibly later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// One contract, several backends: load a collection by key, then apply a transaction's changes atomically.
///
/// Both calls get the transaction's *request time* in seconds since the Unix epoch, the same for both: what was alive
/// when the collection was loaded is alive for the changes made to it. A store has no clock of its own.
pub trait Store: Send + Sync {
    /// The members stored under a key, without those that have expired; `None` when there is no record or it has
    /// expired as a whole.
    fn load<'a>(
        &'a self,
        collection: &'a [u8],
        key: &'a [u8],
        now_seconds: i64,
    ) -> Answer<'a, Option<StoredMembers>>;

    /// Applies what a transaction changed, as one step, to what is stored now.
    fn apply<'a>(&'a self, update: &'a CollectionUpdate, now_seconds: i64) -> Answer<'a, ()>;
}
