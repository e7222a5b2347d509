//! What waits for the writer: events, counters of minutes, and who wants to know when all of it is written.
//!
//! Workers put in and never wait; what they put in is as rows hold it (`kept.rs`). They wake the writer for the first event, and then not before [`BATCH`] of them wait: the
//! writer sleeps [`GATHERING`] while they come, so a busy proxy pays one transaction for many events. What is beyond the
//! bytes of the queue is lost and counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portcullis_audit::writers::Losses as Notices;

use super::catalogue::{Catalogue, Entry};
use super::kept::Kept;
use super::live::Live;
use super::{Losses, MINUTE_MICROS};
use crate::counts::Counts;
use crate::event::EventDetail;
use crate::instance::Presence;

/// Events of one transaction, about.
const BATCH: usize = 1000;

/// Bytes of one transaction, about: a batch must not be much of a small store.
const BATCH_BYTES: usize = 4 << 20;

/// How long the writer waits for more events once there is one.
const GATHERING: Duration = Duration::from_millis(250);

/// How often losses are told on standard error.
const NOTICES: Duration = Duration::from_secs(10);

/// What workers and the writer share.
pub(super) struct Shared {
    queue_bytes: usize,
    minutes: Mutex<BTreeMap<i64, Counts>>,
    /// Locked never together with another.
    catalogue: Mutex<Catalogue>,
    waiting: Mutex<Waiting>,
    /// The writer waits here.
    work: Condvar,
    /// Who wants everything written waits here.
    done: Condvar,
    lost_in_queue: AtomicU64,
    lost_in_store: AtomicU64,
    presence: Mutex<(Presence, bool)>,
    trouble: Mutex<Option<String>>,
    pub(super) notices: Notices,
    pub(super) live: Live,
}

#[derive(Default)]
struct Waiting {
    events: Vec<Kept>,
    bytes: usize,
    /// Flushes that were asked for, and those that are done.
    asked: u64,
    done: u64,
    closed: bool,
}

/// What the writer takes.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) events: Vec<Kept>,
    /// The last flush that this answers, when one was asked for.
    pub(super) flush: Option<u64>,
    pub(super) closed: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("queue_bytes", &self.queue_bytes).finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// A queue of so many bytes.
    pub(super) fn new(queue_bytes: usize) -> Self {
        Self {
            queue_bytes,
            minutes: Mutex::default(),
            catalogue: Mutex::default(),
            waiting: Mutex::default(),
            work: Condvar::new(),
            done: Condvar::new(),
            lost_in_queue: AtomicU64::new(0),
            lost_in_store: AtomicU64::new(0),
            presence: Mutex::default(),
            trouble: Mutex::default(),
            notices: Notices::new("event store", NOTICES),
            live: Live::default(),
        }
    }

    pub(super) fn count(&self, micros: i64, counts: &Counts) {
        locked(&self.minutes).entry(micros.div_euclid(MINUTE_MICROS)).or_default().add(counts);
    }

    /// What the store knows of rules already.
    pub(super) fn set_known(&self, rules: Vec<Entry>) {
        *locked(&self.catalogue) = Catalogue::with(rules);
    }

    /// Rules that no store has; to be asked for when the events that name them have been taken.
    pub(super) fn take_fresh(&self) -> Vec<Arc<Entry>> {
        std::mem::take(&mut locked(&self.catalogue).fresh)
    }

    /// They could not be stored.
    pub(super) fn keep_fresh(&self, entries: Vec<Arc<Entry>>) {
        locked(&self.catalogue).fresh.extend(entries);
    }

    pub(super) fn take_minutes(&self) -> BTreeMap<i64, Counts> {
        std::mem::take(&mut *locked(&self.minutes))
    }

    /// Takes an event apart, so that what is made here is freed here, and puts it in.
    pub(super) fn enqueue(&self, event: EventDetail) {
        // What a full queue refuses need not be taken apart first.
        if self.refuses(&locked(&self.waiting), 1) {
            return self.refuse();
        }
        let entries = locked(&self.catalogue).entries(&event);
        match Kept::of(event, &entries) {
            Ok(event) => self.put(event),
            // That would be a mistake of ours.
            Err(_) => self.lose(1, "it cannot be encoded"),
        }
    }

    fn refuses(&self, waiting: &Waiting, bytes: usize) -> bool {
        waiting.closed || waiting.bytes + bytes > self.queue_bytes
    }

    fn refuse(&self) {
        self.lost_in_queue.fetch_add(1, Ordering::Relaxed);
        self.notices.record_lost(1, "its queue is full");
    }

    fn put(&self, event: Kept) {
        let bytes = event.weight();
        let mut waiting = locked(&self.waiting);
        if self.refuses(&waiting, bytes) {
            drop(waiting);
            return self.refuse();
        }
        let was_full = self.is_full(&waiting);
        waiting.bytes += bytes;
        waiting.events.push(event);
        if waiting.events.len() == 1 || (!was_full && self.is_full(&waiting)) {
            self.work.notify_one();
        }
    }

    /// Waits until everything that came before is written or lost; `false` when the time was not enough.
    pub(super) fn flush(&self, patience: Duration) -> bool {
        let mut waiting = locked(&self.waiting);
        if waiting.closed {
            return false;
        }
        waiting.asked += 1;
        let mine = waiting.asked;
        self.work.notify_one();
        let (_waiting, result) = self
            .done
            .wait_timeout_while(waiting, patience, |waiting| waiting.done < mine)
            .unwrap_or_else(PoisonError::into_inner);
        !result.timed_out()
    }

    pub(super) fn close(&self) {
        locked(&self.waiting).closed = true;
        self.work.notify_one();
    }

    /// What the writer has to do next: waits for a first event, then for a batch. Without events it comes back at a time.
    pub(super) fn take(&self, until: Instant) -> Taken {
        let left = |end: Instant| end.saturating_duration_since(Instant::now());
        let urgent = |waiting: &Waiting| waiting.closed || waiting.asked > waiting.done;
        let wait = |waiting, patience, more: &dyn Fn(&Waiting) -> bool| {
            let waited = self.work.wait_timeout_while(waiting, patience, |waiting| more(waiting));
            waited.unwrap_or_else(PoisonError::into_inner).0
        };
        let idle = |waiting: &Waiting| waiting.events.is_empty() && !urgent(waiting);
        let mut waiting = wait(locked(&self.waiting), left(until), &idle);
        if !waiting.events.is_empty() {
            waiting = wait(waiting, GATHERING, &|waiting| !self.is_full(waiting) && !urgent(waiting));
        }
        waiting.bytes = 0;
        Taken {
            events: std::mem::take(&mut waiting.events),
            flush: (waiting.asked > waiting.done).then_some(waiting.asked),
            closed: waiting.closed,
        }
    }

    /// Whether there is enough for a transaction, or no room for much more.
    fn is_full(&self, waiting: &Waiting) -> bool {
        waiting.events.len() >= BATCH || waiting.bytes >= BATCH_BYTES.min(self.queue_bytes / 2)
    }

    /// Everything that came before that flush is written or lost.
    pub(super) fn flushed(&self, flush: u64) {
        locked(&self.waiting).done = flush;
        self.done.notify_all();
    }

    /// Waits before another attempt; not for somebody who closes.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let waiting = locked(&self.waiting);
        let waited = self.work.wait_timeout_while(waiting, time, |waiting| !waiting.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    pub(super) fn announce(&self, presence: Presence) {
        *locked(&self.presence) = (presence, true);
    }

    /// Whether there is something new to tell of this instance.
    pub(super) fn has_news(&self) -> bool {
        locked(&self.presence).1
    }

    /// What to tell of this instance.
    pub(super) fn presence(&self) -> Presence {
        let mut known = locked(&self.presence);
        known.1 = false;
        known.0.clone()
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        *locked(&self.trouble) = trouble;
    }

    pub(super) fn trouble(&self) -> Option<String> {
        locked(&self.trouble).clone()
    }

    pub(super) fn lose(&self, events: u64, why: &str) {
        self.lost_in_store.fetch_add(events, Ordering::Relaxed);
        if events > 0 {
            self.notices.record_lost(events, why);
        }
    }

    pub(super) fn losses(&self) -> Losses {
        Losses {
            queue: self.lost_in_queue.load(Ordering::Relaxed),
            file: self.lost_in_store.load(Ordering::Relaxed),
        }
    }
}
