//! Counting what was written and lost, and saying so on standard error without flooding it.
//!
//! 1000 entries lost to a full disk in a second → one notice now (`portcullis: audit log: 1 entry lost: No space left on
//! device`), the rest with the next notice, at most one per interval. Queue and direct log call it; the metrics page reads
//! [`Counters`]. A log that goes on writing, one that is idle and one that ends all give the notice that is due.
//! (manual: "When a log cannot be written")

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::notices::Speaker;

/// How long the end of a log waits for its last notice.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Entries of one log since start.
#[derive(Debug, Default)]
pub struct Counters {
    written: AtomicU64,
    lost: AtomicU64,
}

impl Counters {
    /// Entries that reached their destination.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Entries that did not.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// Counts for one log and gives notice of losses.
pub struct Losses {
    counters: Counters,
    name: String,
    interval: Duration,
    speaker: Speaker,
    pending: Mutex<Pending>,
    /// Losses wait for their notice: what a successful write looks at, without the lock.
    waiting: AtomicBool,
}

#[derive(Default)]
struct Pending {
    lost: u64,
    reason: String,
    last: Option<Instant>,
}

impl Losses {
    /// For the log of this name (`audit log`), with at most one notice per interval on standard error.
    pub fn new(name: impl Into<String>, interval: Duration) -> Self {
        Self::with_speaker(name.into(), interval, Speaker::stderr())
    }

    /// As [`Losses::new`], with notices going to a function, which must not block.
    pub fn with_announcer(
        name: impl Into<String>,
        interval: Duration,
        announce: impl Fn(String) + Send + Sync + 'static,
    ) -> Self {
        Self::with_speaker(name.into(), interval, Speaker::Function(Box::new(announce)))
    }

    fn with_speaker(name: String, interval: Duration, speaker: Speaker) -> Self {
        let (counters, pending) = (Counters::default(), Mutex::default());
        Self { counters, name, interval, speaker, pending, waiting: AtomicBool::new(false) }
    }

    /// The counters.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Entries reached their destination.
    pub fn record_written(&self, entries: u64) {
        self.counters.written.fetch_add(entries, Ordering::Relaxed);
        if self.waiting.load(Ordering::Relaxed) {
            self.announce(false);
        }
    }

    /// Entries did not, and why.
    pub fn record_lost(&self, entries: u64, reason: &str) {
        self.counters.lost.fetch_add(entries, Ordering::Relaxed);
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.lost += entries;
        if pending.reason != reason {
            reason.clone_into(&mut pending.reason);
        }
        self.announce_when_due(&mut pending, false);
    }

    /// Something other than a loss that the operator must know.
    pub(super) fn say(&self, text: &str) {
        self.speaker.settle(LAST_WORDS);
        self.speaker.say(format!("portcullis: {}: {text}", self.name));
    }

    /// Gives notice of losses not yet announced: when the interval is over, or now.
    pub fn announce(&self, now: bool) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        self.announce_when_due(&mut pending, now);
    }

    /// The log ends: says what is left to say and waits a moment for it.
    pub fn conclude(&self) {
        self.speaker.settle(LAST_WORDS);
        self.announce(true);
        self.speaker.settle(LAST_WORDS);
    }

    /// Time between two notices.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    fn announce_when_due(&self, pending: &mut Pending, now: bool) {
        let due = now || pending.last.is_none_or(|last| last.elapsed() >= self.interval);
        if pending.lost > 0 && due {
            let entries = if pending.lost == 1 { "entry" } else { "entries" };
            let text =
                format!("portcullis: {}: {} {entries} lost: {}", self.name, pending.lost, pending.reason);
            if self.speaker.say(text) {
                pending.lost = 0;
                pending.last = Some(Instant::now());
            }
        }
        self.waiting.store(pending.lost > 0, Ordering::Relaxed);
    }
}
