//! Counting what was written and lost, and saying so on standard error without flooding it.
//!
//! 1000 entries lost to a full disk in a second → one notice now (`portcullis: audit log: 1 entry lost: No space left on
//! device`), the rest with the next notice, at most one per interval. Queue and direct log call it; the metrics page reads
//! [`Counters`]. The notice is written by a short-lived thread, for standard error may itself be a stuck pipe; while one
//! is stuck no second is started. (manual: "When a log cannot be written")

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

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

/// Receives the text of a notice, without newline.
type Announce = Arc<dyn Fn(String) + Send + Sync>;

/// Counts for one log and gives notice of losses.
pub struct Losses {
    counters: Counters,
    name: String,
    interval: Duration,
    announce: Announce,
    pending: Mutex<Pending>,
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
        let busy = Arc::new(AtomicBool::new(false));
        Self::with_announcer(name, interval, move |text| say_on_stderr(text, &busy))
    }

    /// As [`Losses::new`], with notices going to a function, which must not block.
    pub fn with_announcer(
        name: impl Into<String>,
        interval: Duration,
        announce: impl Fn(String) + Send + Sync + 'static,
    ) -> Self {
        let (counters, pending) = (Counters::default(), Mutex::default());
        Self { counters, name: name.into(), interval, announce: Arc::new(announce), pending }
    }

    /// The counters.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) fn record_written(&self) {
        self.counters.written.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn record_lost(&self, entries: u64, reason: &str) {
        self.counters.lost.fetch_add(entries, Ordering::Relaxed);
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.lost += entries;
        if pending.reason != reason {
            reason.clone_into(&mut pending.reason);
        }
        self.announce_when_due(&mut pending, false);
    }

    /// Something other than a loss that the operator must know, said at once.
    pub(super) fn say(&self, text: &str) {
        (self.announce)(format!("portcullis: {}: {text}", self.name));
    }

    /// Gives notice of losses not yet announced: when the interval is over, or now. `true` when some still wait.
    pub(super) fn announce_pending(&self, now: bool) -> bool {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        self.announce_when_due(&mut pending, now);
        pending.lost > 0
    }

    /// Time between two notices.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    fn announce_when_due(&self, pending: &mut Pending, now: bool) {
        let due = now || pending.last.is_none_or(|last| last.elapsed() >= self.interval);
        if pending.lost == 0 || !due {
            return;
        }
        let entries = if pending.lost == 1 { "entry" } else { "entries" };
        self.say(&format!("{} {entries} lost: {}", pending.lost, pending.reason));
        pending.lost = 0;
        pending.last = Some(Instant::now());
    }
}

fn say_on_stderr(text: String, busy: &Arc<AtomicBool>) {
    if busy.swap(true, Ordering::AcqRel) {
        return;
    }
    let done = Arc::clone(busy);
    let speak = move || {
        // Nobody is left to tell when standard error is closed or full; the counters still say it.
        let _ = writeln!(std::io::stderr(), "{text}");
        done.store(false, Ordering::Release);
    };
    if std::thread::Builder::new().name("log-notice".to_owned()).spawn(speak).is_err() {
        busy.store(false, Ordering::Release);
    }
}
