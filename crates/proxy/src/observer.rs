//! What the proxy tells whoever started it: every exchange, and what happens beside exchanges.
//!
//! The binary implements [`Observer`] with its logs and counters. Both methods are called on the worker that serves
//! the connection, so they must not wait: an implementation hands work to a queue.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use portcullis_engine::{ConnectionState, Exceeded, Record, RuleSet};

/// Receives what the proxy has to tell.
pub trait Observer: Send + Sync {
    /// A request is over: called once for each, in order per connection.
    fn exchange(&self, exchange: Exchange);
    /// Something happened beside transactions.
    fn notice(&self, notice: Notice);
}

/// One request and what became of it.
#[derive(Debug)]
pub struct Exchange {
    /// What the transaction leaves.
    pub record: Record,
    /// The rule set that decided.
    pub rule_set: Arc<RuleSet>,
    /// The status sent to the client; `None` when the connection was closed without an answer.
    pub status: Option<u16>,
    /// Bytes sent to the client, heads included.
    pub bytes_sent: u64,
    /// Bytes received from the client, heads included.
    pub bytes_received: u64,
    /// Bytes of the response body sent.
    pub body_bytes_sent: u64,
    /// From the complete request head to the end of the answer, microseconds.
    pub duration_micros: u64,
    /// The origin's share, when the request was forwarded.
    pub upstream: Option<UpstreamShare>,
    /// Why it failed, one sentence; `None` when it did not.
    pub error: Option<String>,
}

/// The origin's share of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamShare {
    /// Where the request was sent.
    pub address: SocketAddr,
    /// The status the origin answered; `None` when no head arrived.
    pub status: Option<u16>,
    /// From sending the request to the end of the answer, microseconds.
    pub duration_micros: u64,
}

/// Something that happened beside transactions. Its `Display` is one line for a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// A connection could not be accepted; accepting goes on.
    #[error("cannot accept a connection on {address}: {reason}")]
    AcceptFailed {
        /// The listener.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// A worker has as many connections as it may; new ones wait.
    #[error("a worker holds {limit} connections, the most it may; new ones wait")]
    ConnectionLimit {
        /// The limit.
        limit: usize,
    },
    /// A client has more connections than `SecConnEngine` lets it have. The words are those of ModSecurity.
    #[error(
        "ModSecurity: {}Too many threads [{}] of {} allowed in {} state from {client} - Possible DoS Consumption Attack{}",
        if *is_closed { "Access denied with code 400. " } else { "" },
        exceeded.count,
        exceeded.limit,
        match exceeded.state { ConnectionState::Reading => "READ", ConnectionState::Writing => "WRITE" },
        if *is_closed { " [Rejected]" } else { "" }
    )]
    TooManyConnections {
        /// The client.
        client: IpAddr,
        /// The limit.
        exceeded: Exceeded,
        /// The connection was closed, without an answer.
        is_closed: bool,
    },
    /// A client stopped, or sent something else than HTTP, before its request line was complete.
    #[error("client {client} stopped before its request line was complete")]
    UnfinishedRequestLine {
        /// The client.
        client: SocketAddr,
    },
    /// The origin cannot be reached any more.
    #[error("origin {upstream} is down: {reason}")]
    UpstreamDown {
        /// The origin.
        upstream: String,
        /// Why.
        reason: String,
    },
    /// The origin answers again.
    #[error("origin {upstream} is up again")]
    UpstreamUp {
        /// The origin.
        upstream: String,
    },
    /// A request body could not be written to or read from its temporary file.
    #[error("cannot spool a request body in {}: {reason}", .directory.display())]
    SpoolFailed {
        /// Where.
        directory: PathBuf,
        /// Why.
        reason: String,
    },
    /// A compressed response could not be decompressed: rules saw what was decoded until then.
    #[error("cannot decompress a response ({coding}): {reason}")]
    NotDecompressed {
        /// The value of `Content-Encoding`.
        coding: String,
        /// Why.
        reason: String,
    },
    /// The store of persistent collections failed.
    #[error("collection {collection}: {reason}")]
    StoreFailed {
        /// The storage name of the collection.
        collection: String,
        /// Why.
        reason: String,
    },
    /// A defect ended a connection in the middle of an exchange; the panic's text is on stderr.
    #[error("a defect ended the connection of {client}; its request has no log entry")]
    Panicked {
        /// The client.
        client: SocketAddr,
    },
    /// A file of a form could not be moved to `SecUploadDir`.
    #[error("an uploaded file could not be kept: {reason}")]
    UploadNotKept {
        /// Why.
        reason: String,
    },
    /// The grace period of a shutdown ended while exchanges were running.
    #[error("{connections} connections were cut off at shutdown")]
    CutOff {
        /// How many.
        connections: usize,
    },
}
