//! The audit log of a site: a format and a destination, fed with records.
//!
//! `log.write(&record, &rule_set, 239)` → one entry in the file, if the record asks for one. [`AuditLog::open`] builds it
//! from the `SecAudit…` directives; the binary calls [`AuditLog::write`] when a transaction is over. Whether a transaction
//! is relevant was decided by the engine (`Record::audit`).

use std::hash::{BuildHasher as _, RandomState};

use portcullis_engine::{Record, RuleSet};

use crate::formats::concurrent::{self, ConcurrentEntry};
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
    /// Writes the entry of a record that asks for one. `rule_set` is the one that decided, `bytes_sent` the length of the
    /// response body as sent.
    pub fn write(&self, record: &Record, rule_set: &RuleSet, bytes_sent: u64) {
        // As in v2, nothing is to be told of a connection on which no request line arrived.
        if !record.audit || record.request.line.is_empty() {
            return;
        }
        let mut entry = Vec::new();
        match self.format {
            AuditFormat::Native => native::entry(record, boundary(), &self.style, &mut entry),
            AuditFormat::Json => {
                let describe = |index| {
                    let mut rule = json::RuleDescription::from(rule_set.describe(index)?);
                    rule.tags = expanded_tags(record, rule.id).unwrap_or(rule.tags);
                    Some(rule)
                };
                json::entry(record, &self.style, &describe, &mut entry);
            }
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

/// The tags of a rule as its alert has them: with macros expanded at the match, as v2 writes them.
fn expanded_tags(record: &Record, id: Option<u64>) -> Option<Vec<Vec<u8>>> {
    let mut alerts = record.alerts.iter().filter_map(|alert| alert.rule.as_ref());
    alerts.find(|rule| Some(rule.id) == id).map(|rule| rule.tags.clone())
}

/// A number clients cannot predict: the hash keys come from the system's random source and differ per call.
fn boundary() -> u32 {
    let bytes = RandomState::new().hash_one(0_u8).to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
