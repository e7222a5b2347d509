//! What a transaction asks of the outside world, answered in this process.
//!
//! Collections live in memory as long as this does. Time stands still within an exchange and pauses are over at once.
//! Names are not looked up, and programs not run: rules see the failure, the log says so.

use portcullis_engine::{Answer, Need, Transaction};
use portcullis_state::{Limits, MemoryStore};

/// The outside world of one site.
#[derive(Debug)]
pub struct Outside {
    collections: MemoryStore,
}

impl Outside {
    /// Nothing stored yet.
    pub fn new() -> Self {
        Self { collections: MemoryStore::new(Limits::default()) }
    }

    /// Answers a need of a transaction that began at `now`, seconds since the epoch.
    pub fn answer(&self, transaction: &mut Transaction, need: &Need, now: i64) {
        let answer = match need {
            Need::Collection { collection, key } => match self.collections.load_now(collection, key, now) {
                Ok(stored) => Answer::Collection(stored),
                Err(error) => Answer::Failed(error.to_string()),
            },
            Need::Pause { .. } => Answer::Pause,
            Need::Lookup { .. } => Answer::Failed("names are not looked up here".to_owned()),
            Need::Program { .. } => Answer::Failed("programs are not run here".to_owned()),
        };
        transaction.provide(answer);
    }

    /// Stores what a transaction did to its collections.
    pub fn store(&self, transaction: &Transaction, now: i64) {
        for update in transaction.collection_updates() {
            // A record that is full keeps counting; a test has no log for the rest.
            let _ = self.collections.apply_now(&update, now);
        }
    }
}
