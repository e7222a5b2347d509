//! The data path: a reverse proxy that asks a [`portcullis_engine::Transaction`] before anything passes.
//!
//! ```text
//! accept ─▶ read head ─▶ phase 1 ─▶ spool body ─▶ phase 2 ─▶ origin ─▶ head ─▶ phase 3 ─▶ hold body ─▶ phase 4 ─▶ client
//!                                                                                                   ─▶ phase 5 ─▶ Observer
//! ```
//!
//! [`Proxy::start`] runs worker threads, each with a runtime, listeners and a pool of origin connections of its own
//! (`worker`). A connection is one task (`connection`); each of its requests is driven by a `driver`, whose steps stand
//! in `request_body`, `forward`, `response` and `answer`.
//!
//! What is never true: that a byte of a request reaches the origin before phase 2 has passed, that a byte of an
//! inspected response reaches the client before phase 4 has passed, that a request is forwarded otherwise than it was
//! parsed, or that a slow client holds more than its connection.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

mod accept;
mod answer;
mod body_reader;
mod budget;
mod connection;
mod decompress;
mod driver;
mod error_page;
mod error_pages;
mod forward;
mod forwarding;
mod health;
mod http_date;
mod inspection;
mod link;
mod listener;
mod needs;
mod observer;
mod pool;
mod proxy;
mod request_body;
mod request_decoding;
mod response;
mod response_body;
mod settings;
mod shared_rules;
mod spool;
mod standing;
pub mod stopwatch;
mod target;
mod timer;
mod tunnel;
mod unique_id;
pub mod uploads;
mod upstream;
mod worker;
mod workspaces;

pub use error_pages::ErrorPages;
pub use observer::{Exchange, Notice, Observer, UpstreamShare};
pub use proxy::{Proxy, StartError};
pub use settings::{Limits, Settings, Timeouts, UpstreamAddress, UpstreamError};
pub use shared_rules::SharedRules;
