//! Log formats and log writers: what a finished transaction leaves, brought to disk without holding up a request.
//!
//! ```text
//! Record ─ formats::{error_log, native, json, json_v3, concurrent} ─▶ bytes ─ writers::{Queue, Direct} ─▶ file, pipe, stdout
//! Access ─ formats::access ─▶ bytes ─ …
//! ```
//!
//! The binary opens an [`AuditLog`] from `SecAuditLog` and its friends, a queue for access lines and one for error lines;
//! the proxy hands them records. This crate never asks how a verdict came about, and it masks nothing:
//! what rules sanitise is already masked in the [`Record`](portcullis_engine::Record).
//!
//! Every entry is one `write(2)`, so entries of several processes never mix. An entry that cannot be written (full
//! disk, full queue, dead program) is counted and said on standard error, never retried in the way of a request.

mod audit_log;
mod digits;
mod escape;
mod json_text;
mod open;
mod time;

pub mod formats;
pub mod writers;

pub use audit_log::{AuditFormat, AuditLog, Target};
pub use formats::access::Access;
pub use json_text::JsonBytes;
pub use open::{AuditOptions, AuditPlan, OpenAuditError};
