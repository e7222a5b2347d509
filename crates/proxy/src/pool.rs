//! Idle connections to the origin, one pool per worker.
//!
//! The one used last is used next, so that under light load few stay open. A connection that the origin has closed
//! meanwhile is noticed before it is handed out, as far as the runtime knows; what slips through is retried by
//! `forward` where a retry is harmless. Where it is not, the system is asked, which costs a call.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
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

    /// The most recently used connection that is still good; `surely`, for a request that cannot be sent twice.
    pub(crate) async fn take(&self, surely: bool) -> Option<Box<Upstream>> {
        poll_fn(|context| {
            loop {
                let Some(idle) = self.idle.borrow_mut().pop() else { return Poll::Ready(None) };
                let stale = idle.upstream.is_stale(context) || (surely && idle.upstream.is_stale_by_now());
                if !stale {
                    return Poll::Ready(Some(idle.upstream));
                }
            }
        })
        .await
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
