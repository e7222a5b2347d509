//! The audit log of a site: a format and a destination, fed with records.
//!
//! `AuditLog { format: Native, target: Serial(queue), … }.write(&record, 239, &|_| None)` → one entry in the file, if the
//! record asks for one. The binary builds it from the `SecAudit…` directives; the proxy calls [`AuditLog::write`] when a
//! transaction is over. Whether a transaction is relevant was decided by the engine (`Record::audit`).

use std::hash::{BuildHasher as _, RandomState};

use portcullis_engine::Record;

use crate::formats::concurrent::{self, ConcurrentEntry};
use crate::formats::json::DescribeRule;
use crate::formats::{AuditStyle, json, json_v3, native};
use crate::writers::{Counters, Log};

/// How entries look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditFormat {
    /// `SecAuditLogFormat Native`.
    #[default]
    Native,
    /// `SecAuditLogFormat JSON`, ModSecurity v2's schema.
    Json,
    /// libmodsecurity 3's schema.
    JsonV3,
}

/// Where entries go.
pub enum Target {
    /// `SecAuditLogType Serial`.
    Serial(Box<dyn Log<Vec<u8>>>),
    /// `SecAuditLogType Concurrent`.
    Concurrent {
        /// A log over a [`ConcurrentWriter`](crate::writers::ConcurrentWriter).
        log: Box<dyn Log<ConcurrentEntry>>,
        /// The directory under the storage directory, the name of the user we run as; `None` leaves it out.
        user: Option<String>,
    },
}

/// See the module.
pub struct AuditLog {
    /// How entries look.
    pub format: AuditFormat,
    /// What they show beside the record.
    pub style: AuditStyle,
    /// Where they go.
    pub target: Target,
}

impl AuditLog {
    /// Writes the entry of a record that asks for one. `bytes_sent` is the length of the response body as sent;
    /// `describe` answers what the JSON format says about matched rules.
    pub fn write(&self, record: &Record, bytes_sent: u64, describe: DescribeRule<'_>) {
        // As in v2, nothing is to be told of a connection on which no request line arrived.
        if !record.audit || record.request.line.is_empty() {
            return;
        }
        let mut entry = Vec::new();
        match self.format {
            AuditFormat::Native => native::entry(record, boundary(), &self.style, &mut entry),
            AuditFormat::Json => json::entry(record, &self.style, describe, &mut entry),
            AuditFormat::JsonV3 => json_v3::entry(record, &self.style, &mut entry),
        }
        match &self.target {
            Target::Serial(log) => log.write(entry),
            Target::Concurrent { log, user } => {
                // The blank line behind a native entry parts it from the next one; in a file of its own it has none.
                if self.format == AuditFormat::Native {
                    entry.pop();
                }
                log.write(concurrent::entry(record, entry, bytes_sent, user.as_deref()));
            }
        }
    }

    /// Entries written and lost.
    pub fn counters(&self) -> &Counters {
        match &self.target {
            Target::Serial(log) => log.counters(),
            Target::Concurrent { log, .. } => log.counters(),
        }
    }

    /// Opens the destination anew, for log rotation.
    pub fn reopen(&self) {
        match &self.target {
            Target::Serial(log) => log.reopen(),
            Target::Concurrent { log, .. } => log.reopen(),
        }
    }

    /// Waits until everything taken so far is written or lost; `false` when the time was not enough.
    pub fn flush(&self, patience: std::time::Duration) -> bool {
        match &self.target {
            Target::Serial(log) => log.flush(patience),
            Target::Concurrent { log, .. } => log.flush(patience),
        }
    }
}

/// A number clients cannot predict: the hash keys come from the system's random source and differ per call.
fn boundary() -> u32 {
    let bytes = RandomState::new().hash_one(0_u8).to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
