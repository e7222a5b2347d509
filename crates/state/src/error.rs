//! Why a store could not do what it was asked. The driver writes the text to the log; no client ever sees it.

/// See the module.
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
