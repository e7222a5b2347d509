//! Coarse deadlines: thousands of connections share one timer of the runtime.
//!
//! `timer.limit(30 s, read)` → what `read` yields, or [`TimedOut`]. Setting a deadline writes one integer; a worker
//! looks at all of them a few times a second ([`Timers::advance`]) and wakes the tasks whose time has come. A deadline
//! is therefore kept late by up to one tick, never early.
//!
//! The bet: almost no deadline is ever reached, so setting one must cost nothing and finding the expired ones may cost
//! a walk over all connections of the worker (about 10 ns each).

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;

/// A deadline has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimedOut;

/// The deadlines of one worker.
#[derive(Debug)]
pub(crate) struct Timers {
    tick: Duration,
    now: Cell<u64>,
    all: RefCell<Vec<Weak<Timer>>>,
    added: Notify,
}

impl Timers {
    /// Timers looked at once per `tick`.
    pub(crate) fn new(tick: Duration) -> Rc<Self> {
        Rc::new(Self { tick, now: Cell::new(0), all: RefCell::default(), added: Notify::new() })
    }

    /// How often [`Timers::advance`] is to be called.
    pub(crate) fn tick(&self) -> Duration {
        self.tick
    }

    /// A new timer, not set.
    pub(crate) fn timer(self: &Rc<Self>) -> Rc<Timer> {
        let timer = Rc::new(Timer {
            timers: Rc::clone(self),
            due: Cell::new(u64::MAX),
            expired: Cell::new(false),
            idle: Cell::new(false),
            waker: RefCell::new(None),
        });
        self.all.borrow_mut().push(Rc::downgrade(&timer));
        self.added.notify_one();
        timer
    }

    /// Waits until there is a timer, so that a proxy without connections sleeps.
    pub(crate) async fn needed(&self) {
        while self.all.borrow().is_empty() {
            self.added.notified().await;
        }
    }

    /// Ticks since the start.
    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    /// How many ticks a duration takes, at least one.
    pub(crate) fn ticks(&self, duration: Duration) -> u64 {
        let milliseconds = |d: Duration| d.as_secs().saturating_mul(1000) + u64::from(d.subsec_millis());
        milliseconds(duration).div_ceil(milliseconds(self.tick).max(1)).max(1)
    }

    /// One more tick has passed: wakes whose time has come and forgets timers that are gone.
    pub(crate) fn advance(&self) {
        let now = self.now.get() + 1;
        self.now.set(now);
        self.expire(|timer| timer.due.get() <= now);
    }

    /// Ends every wait that was marked as idle.
    pub(crate) fn end_idle(&self) {
        self.expire(|timer| timer.idle.get());
    }

    fn expire(&self, is_due: impl Fn(&Timer) -> bool) {
        self.all.borrow_mut().retain(|timer| {
            let Some(timer) = timer.upgrade() else { return false };
            if is_due(&timer) {
                timer.due.set(u64::MAX);
                timer.expired.set(true);
                if let Some(waker) = timer.waker.borrow_mut().take() {
                    waker.wake();
                }
            }
            true
        });
    }
}

/// A deadline of one task.
#[derive(Debug)]
pub(crate) struct Timer {
    timers: Rc<Timers>,
    due: Cell<u64>,
    expired: Cell<bool>,
    idle: Cell<bool>,
    /// The task that waits; nearly always the same one, so it is stored once.
    waker: RefCell<Option<Waker>>,
}

impl Timer {
    /// Sets the deadline.
    pub(crate) fn set(&self, patience: Duration) {
        // One more, because the current tick has already begun.
        let ticks = self.timers.ticks(patience).saturating_add(1);
        self.due.set(self.timers.now().saturating_add(ticks));
        self.expired.set(false);
    }

    /// Waits for `future` until the deadline set before.
    pub(crate) async fn until_due<F: Future>(&self, future: F) -> Result<F::Output, TimedOut> {
        let mut future = pin!(future);
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending if self.has_expired(context) => Poll::Ready(Err(TimedOut)),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Waits for `future` for at most `patience`.
    pub(crate) async fn limit<F: Future>(
        &self,
        patience: Duration,
        future: F,
    ) -> Result<F::Output, TimedOut> {
        self.set(patience);
        self.until_due(future).await
    }

    /// As [`Timer::limit`], and [`Timers::end_idle`] ends it too.
    pub(crate) async fn limit_idle<F: Future>(
        &self,
        patience: Duration,
        future: F,
    ) -> Result<F::Output, TimedOut> {
        self.idle.set(true);
        let result = self.limit(patience, future).await;
        self.idle.set(false);
        result
    }

    fn has_expired(&self, context: &Context<'_>) -> bool {
        if self.expired.get() {
            return true;
        }
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_late_by_at_most_a_tick_and_never_early() {
        let timers = Timers::new(Duration::from_millis(10));
        let timer = timers.timer();
        let mut context = Context::from_waker(Waker::noop());
        let mut wait = pin!(timer.limit(Duration::from_millis(25), std::future::pending::<()>()));
        for _ in 0..3 {
            assert_eq!(wait.as_mut().poll(&mut context), Poll::Pending);
            timers.advance();
        }
        assert_eq!(wait.as_mut().poll(&mut context), Poll::Pending);
        timers.advance();
        assert_eq!(wait.as_mut().poll(&mut context), Poll::Ready(Err(TimedOut)));
    }

    #[test]
    fn only_idle_waits_end_early_and_timers_that_are_gone_are_forgotten() {
        let timers = Timers::new(Duration::from_millis(10));
        let (busy, idle) = (timers.timer(), timers.timer());
        let mut context = Context::from_waker(Waker::noop());
        {
            let mut busy = pin!(busy.limit(Duration::from_secs(9), std::future::pending::<()>()));
            let mut idle = pin!(idle.limit_idle(Duration::from_secs(9), std::future::pending::<()>()));
            assert_eq!(busy.as_mut().poll(&mut context), Poll::Pending);
            assert_eq!(idle.as_mut().poll(&mut context), Poll::Pending);
            timers.end_idle();
            assert_eq!(busy.as_mut().poll(&mut context), Poll::Pending);
            assert_eq!(idle.as_mut().poll(&mut context), Poll::Ready(Err(TimedOut)));
        }
        drop((busy, idle));
        timers.advance();
        assert!(timers.all.borrow().is_empty());
    }

    #[test]
    fn what_is_ready_wins_over_the_deadline() {
        let timers = Timers::new(Duration::from_millis(10));
        let timer = timers.timer();
        timer.set(Duration::ZERO);
        timers.advance();
        timers.advance();
        let mut context = Context::from_waker(Waker::noop());
        let ready = pin!(timer.until_due(std::future::ready(7))).poll(&mut context);
        assert_eq!(ready, Poll::Ready(Ok(7)));
    }
}
