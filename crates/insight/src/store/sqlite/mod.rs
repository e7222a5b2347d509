//! The event store in one SQLite file: [`open`] gives the half that writes and the half that reads.
//!
//! A row per event in each of three tables (`event`, `matched`, `detail`), keyed by a number that grows: writing appends, and
//! the oldest are a range at the other end. There is no row per rule or tag; `event` holds the numbers of its rules, and
//! filters look through it. It is narrow: 100,000 rows are read in some tens of milliseconds.
//!
//! `NORMAL` synchronisation with a write-ahead log: a crash of the machine may take the last batches, never the file.

mod functions;
mod older;
mod read;
mod schema;
mod write;

pub(super) use read::Reader;
pub(super) use schema::{open, open_to_read};
pub(super) use write::Writer;
