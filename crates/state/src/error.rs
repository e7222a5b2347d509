//! Why a store could not do what it was asked, or could not be opened. The texts are for the log; no client sees them.

use std::io;
use std::path::{Path, PathBuf};

/// Why a load or an apply did not do all it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The record is at its limit: some changes that would have made it grow were left out, all others are stored.
    #[error("record of collection \"{collection}\" is full: {left_out} changes were not stored")]
    RecordFull {
        /// Storage name of the collection.
        collection: String,
        /// How many changes were left out.
        left_out: usize,
    },
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be opened or made.
    #[error("cannot open the store `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process has it open.
    #[error("the store `{}` is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Its contents make no sense.
    #[error("the store `{}` is damaged, or no store: move it away to begin with an empty one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a later version.
    #[error("the store `{}` has format {found}, which this version cannot read", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The version in it.
        found: u64,
    },
    /// The system gives no thread.
    #[error("cannot start the thread that saves collections: {source}")]
    Thread {
        /// What the system says.
        source: io::Error,
    },
}

impl OpenError {
    pub(crate) fn of(path: &Path, error: redb::Error) -> Self {
        let path = path.to_owned();
        match error {
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Self::InUse { path },
            redb::Error::Io(source) if source.kind() != io::ErrorKind::InvalidData => {
                Self::Io { path, source }
            }
            _ => Self::Damaged { path },
        }
    }
}
