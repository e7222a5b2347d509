//! How many connections of each client read and write, while `SecConnEngine` wants to know.
//!
//! A connection that begins under such a rule set has a [`Standing`], which says what it is doing until it ends; between two
//! requests it is in neither state. The table is shared by all workers and holds addresses that have connections only.

use std::cell::Cell;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use portcullis_engine::ConnectionState;
use portcullis_engine::record::EngineMode;

use crate::observer::Notice;
use crate::worker::Worker;

/// Connections by client: those that read, and those that write.
#[derive(Debug, Default)]
pub(crate) struct Standings(Mutex<HashMap<IpAddr, Counts>>);

/// Connections of a client: all of them, and those in each state.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    all: u64,
    reading: u64,
    writing: u64,
}

impl Counts {
    fn of(&mut self, state: ConnectionState) -> &mut u64 {
        match state {
            ConnectionState::Reading => &mut self.reading,
            ConnectionState::Writing => &mut self.writing,
        }
    }
}

impl Standings {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Counts>> {
        // Counts are changed in one step each.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one connection is doing.
pub(crate) struct Standing<'w> {
    worker: &'w Worker,
    client: IpAddr,
    /// Nothing is counted for a connection that began while nobody wanted to know.
    is_counted: bool,
    state: Cell<Option<ConnectionState>>,
}

impl<'w> Standing<'w> {
    /// Begins with a connection, which reads; `None` when the client has too many and the connection is to be closed.
    pub(crate) fn begin(worker: &'w Worker, peer: SocketAddr) -> Option<Self> {
        let client = peer.ip().to_canonical();
        let rules = worker.shared.rules.load();
        let limits = &rules.settings().connection_limits;
        let is_counted = limits.is_on();
        let standing = Self { worker, client, is_counted, state: Cell::new(None) };
        if !is_counted {
            return Some(standing);
        }
        let counts = {
            let mut table = worker.shared.standings.lock();
            let counts = table.entry(client).or_default();
            counts.all += 1;
            *counts
        };
        standing.is(Some(ConnectionState::Reading));
        // With this one.
        let Some(exceeded) = limits.exceeded(client, counts.reading + 1, counts.writing) else {
            return Some(standing);
        };
        let is_closed = limits.mode == EngineMode::On;
        worker.notice(Notice::TooManyConnections { client, exceeded, is_closed });
        (!is_closed).then_some(standing)
    }

    /// The connection is doing something else now.
    pub(crate) fn is(&self, state: Option<ConnectionState>) {
        let before = self.state.replace(state);
        if !self.is_counted || before == state {
            return;
        }
        let mut table = self.worker.shared.standings.lock();
        let counts = table.entry(self.client).or_default();
        if let Some(before) = before {
            *counts.of(before) -= 1;
        }
        if let Some(state) = state {
            *counts.of(state) += 1;
        }
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.is(None);
        if self.is_counted {
            let mut table = self.worker.shared.standings.lock();
            let counts = table.entry(self.client).or_default();
            counts.all -= 1;
            if counts.all == 0 {
                table.remove(&self.client);
            }
        }
    }
}
