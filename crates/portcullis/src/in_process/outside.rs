//! What a transaction asks of the outside world, answered in this process.
//!
//! Collections live in memory as long as this does, files of forms as long as their exchange. Time stands still within an
//! exchange and pauses are over at once.
//! Programs are run. Names are not looked up: rules see the failure, the log says so.

use super::program;
use portcullis_engine::{Answer, Need, Transaction};
use portcullis_proxy::uploads::{self, StoredFiles};
use portcullis_state::{Limits, MemoryStore};
use std::cell::RefCell;

/// The outside world of one site.
#[derive(Debug)]
pub struct Outside {
    collections: MemoryStore,
    /// Files of the exchange under way.
    files: RefCell<StoredFiles>,
}

impl Outside {
    /// Nothing stored yet.
    pub fn new() -> Self {
        Self { collections: MemoryStore::new(Limits::default()), files: RefCell::default() }
    }

    /// Answers a need of a transaction that began at `now`, seconds since the epoch.
    pub fn answer(&self, transaction: &mut Transaction, need: &Need, now: i64) {
        let answer = match need {
            Need::Collection { collection, key } => match self.collections.load_now(collection, key, now) {
                Ok(stored) => Answer::Collection(stored),
                Err(error) => Answer::Failed(error.to_string()),
            },
            Need::Script { script, argument } => Answer::Script(script.run(
                argument.as_deref(),
                transaction,
                portcullis_lua::Limits::default(),
            )),
            Need::StoreFiles { contents } => self.store_files(transaction, contents, now),
            Need::Pause { .. } => Answer::Pause,
            Need::Lookup { .. } => Answer::Failed("names are not looked up here".to_owned()),
            Need::Program { path, arguments, environment } => {
                Answer::Program(program::run(path, arguments, environment))
            }
        };
        transaction.provide(answer);
    }

    fn store_files(&self, transaction: &Transaction, contents: &[Vec<u8>], now: i64) -> Answer {
        let stamp = uploads::stamp(now.saturating_mul(1_000_000), transaction.utc_offset_seconds());
        let settings = transaction.rule_set().settings();
        match StoredFiles::write(contents, settings, &stamp, transaction.unique_id()) {
            Ok(files) => {
                let paths = files.paths();
                self.files.replace(files);
                Answer::Files(paths)
            }
            Err(error) => Answer::Failed(error.to_string()),
        }
    }

    /// Deletes the files of an exchange that does not count.
    pub fn forget_files(&self) {
        self.files.take();
    }

    /// Stores what a transaction that is over did to its collections and settles its files.
    pub fn store(&self, transaction: &Transaction, now: i64) {
        // A test looks for the files themselves.
        let _ = self.files.take().settle(transaction, now.saturating_mul(1_000_000));
        for update in transaction.collection_updates() {
            // A record that is full keeps counting; a test has no log for the rest.
            let _ = self.collections.apply_now(&update, now);
        }
    }
}
