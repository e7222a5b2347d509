//! Idle connections to the origin, one pool per worker.
//!
//! The one used last is used next, so that under light load few stay open. A connection that the origin has closed
//! meanwhile, or on which it has said something unasked, is noticed before it is handed out: the system is asked, which
//! costs a call, because an answer nobody asked for must never be taken for that of the next request. What still slips
//! through is an end of the connection, which `forward` retries where a retry is harmless.

use std::cell::RefCell;
use std::task::{Context, Waker};
use std::time::Duration;

use crate::timer::Timers;
use crate::upstream::Upstream;

/// The pool.
#[derive(Debug)]
pub(crate) struct Pool {
    limit: usize,
    idle: RefCell<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    upstream: Box<Upstream>,
    /// The tick at which it is closed.
    until: u64,
}

impl Pool {
    /// A pool of at most `limit` connections.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, idle: RefCell::default() }
    }

    /// The most recently used connection that is still good.
    pub(crate) fn take(&self) -> Option<Box<Upstream>> {
        loop {
            let idle = self.idle.borrow_mut().pop()?;
            if !idle.upstream.is_stale_by_now() {
                return Some(idle.upstream);
            }
        }
    }

    /// Keeps a connection for `keep`; closes it when the pool is full.
    pub(crate) fn give(&self, mut upstream: Box<Upstream>, timers: &Timers, keep: Duration) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < self.limit {
            upstream.rest();
            idle.push(Idle { upstream, until: timers.now() + timers.ticks(keep) });
        }
    }

    /// Closes connections whose time has come, or that the origin has closed.
    pub(crate) fn expire(&self, now: u64) {
        let mut context = Context::from_waker(Waker::noop());
        self.idle.borrow_mut().retain(|idle| idle.until > now && !idle.upstream.is_stale(&mut context));
    }
}
