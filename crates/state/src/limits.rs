//! How much a store may hold, and how much it does.

/// Bounds of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Records of all collections together.
    pub records: usize,
    /// Bytes of all records together, what a record costs beside its text included.
    pub bytes: usize,
    /// Bytes of the names and values of one record. ModSecurity v2 fails to store records of more than about 1000.
    pub record_bytes: usize,
}

impl Default for Limits {
    /// 200,000 records, 128 MiB, 16 KiB for a record.
    fn default() -> Self {
        Self { records: 200_000, bytes: 128 << 20, record_bytes: 16 << 10 }
    }
}

/// What a store holds and what it had to give up since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Records held.
    pub records: usize,
    /// Bytes held, counted as in [`Limits::bytes`].
    pub bytes: usize,
    /// Records removed because their time was over.
    pub expired: u64,
    /// Records removed before their time because there was no room: the bounds are too small for the traffic.
    pub evicted: u64,
    /// Saves to disk that failed.
    pub failed_saves: u64,
}

impl Statistics {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            bytes: self.bytes + other.bytes,
            expired: self.expired + other.expired,
            evicted: self.evicted + other.evicted,
            failed_saves: self.failed_saves + other.failed_saves,
        }
    }
}
