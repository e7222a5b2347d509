//! The event store in PostgreSQL, for many instances and one console that shows them all.
//!
//! `postgres://user@db.example/portcullis` → the schema `portcullis` in that database: `event` and `content` a row per event,
//! `rule` what numbers of rules stand for, `minute` the counters of each instance, `instance` who writes. A batch is one
//! transaction with two `COPY`s. [`Writer`] and [`Reader`] have a connection each, made when it is needed and again when it
//! broke; no step waits longer than [`PATIENCE`].
//!
//! TLS as `sslmode` in the address asks for it; certificates are always verified, with the system's authorities.

mod link;
mod read;
mod schema;
mod tls;
mod write;

use std::time::Duration;

pub(super) use link::address;
pub(super) use read::Reader;
pub(super) use write::Writer;

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(5);
