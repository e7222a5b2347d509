//! `SecConnEngine` and its limits: how many connections of one client may be reading or writing at a time.
//!
//! With `SecConnReadStateLimit 50` the 51st connection from an address whose requests have not come yet is too many. The engine
//! keeps the numbers and decides; who holds connections counts them and asks when one begins, as v2 asks Apache's scoreboard.
//! (spec: directives, "Engine switches")

use std::net::IpAddr;

use portcullis_operators::{Hit, Test};

use crate::record::EngineMode;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// The head of a request is expected or coming in.
    Reading,
    /// A request is being served.
    Writing,
}

/// How many connections may be in a state, and whose.
#[derive(Debug, Default)]
pub struct StateLimit {
    /// The greatest number; 0 for any.
    pub limit: u64,
    /// Lists behind `@ipMatch…`: only their addresses are limited, where there are any.
    pub(crate) suspicious: Vec<Box<dyn Test>>,
    /// Lists behind `!@ipMatch…`: their addresses are not.
    pub(crate) exempt: Vec<Box<dyn Test>>,
}

/// The limits of a configuration.
#[derive(Debug)]
pub struct ConnectionLimits {
    /// `SecConnEngine`.
    pub mode: EngineMode,
    /// `SecConnReadStateLimit`.
    pub reading: StateLimit,
    /// `SecConnWriteStateLimit`.
    pub writing: StateLimit,
}

/// A limit that a client is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// The state with too many connections in it.
    pub state: ConnectionState,
    /// How many there are.
    pub count: u64,
    /// How many there may be.
    pub limit: u64,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { mode: EngineMode::Off, reading: StateLimit::default(), writing: StateLimit::default() }
    }
}

impl ConnectionLimits {
    /// Whether connections have to be counted.
    pub fn is_on(&self) -> bool {
        self.mode != EngineMode::Off && (self.reading.limit > 0 || self.writing.limit > 0)
    }

    /// The limit that a client is over with these numbers of connections, reading before writing.
    pub fn exceeded(&self, client: IpAddr, reading: u64, writing: u64) -> Option<Exceeded> {
        let over = |limit: &StateLimit, state, count| {
            let is_over = limit.limit > 0 && count > limit.limit && limit.holds_for(client);
            is_over.then_some(Exceeded { state, count, limit: limit.limit })
        };
        over(&self.reading, ConnectionState::Reading, reading)
            .or_else(|| over(&self.writing, ConnectionState::Writing, writing))
    }
}

impl StateLimit {
    fn holds_for(&self, client: IpAddr) -> bool {
        let text = client.to_string();
        let holds = |lists: &[Box<dyn Test>]| {
            let mut hit = Hit::default();
            lists.iter().any(|list| list.test(text.as_bytes(), b"", false, &mut hit) == Ok(true))
        };
        (self.suspicious.is_empty() || holds(&self.suspicious)) && !holds(&self.exempt)
    }
}
