//! A bounded queue with a thread that writes: the request path takes a lock, appends, and goes on.
//!
//! Waking a thread costs more than a log line and may cost the caller its processor, so the thread is woken only from
//! deep sleep: after an entry it looks again by itself, two milliseconds later, and a busy log wakes nobody. The price is that
//! an entry may reach its file that much later; [`flush`](Log::flush) does not wait for it.
//!
//! Entries keep their order. A writer that gathers is given all that wait, up to a bound, and writes them together. When the
//! queue holds as many entries or bytes as it may, a new entry is lost and counted; nobody waits. [`flush`](Log::flush) waits
//! until all entries taken so far are written or lost (tests, shutdown).
//! Dropping the queue gives the thread [`QueueLimits::patience`] to finish; what a stuck destination then still holds up
//! is counted as lost and said, and the thread is left behind. (manual: "When a log cannot be written")

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Counters, Log, Losses, Weight, Writer};

/// How long the thread rests after an entry before it looks again, and falls asleep when there is none.
const LINGER: Duration = Duration::from_millis(2);

/// How much is handed at a time to a writer that gathers: entries and, beyond the first, bytes.
const TOGETHER: (usize, usize) = (256, 64 * 1024);

/// Bounds of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// Entries it holds at most.
    pub entries: usize,
    /// Bytes of entries it holds at most.
    pub bytes: usize,
    /// How long a dropped queue waits for its thread.
    pub patience: Duration,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { entries: 65_536, bytes: 64 << 20, patience: Duration::from_secs(5) }
    }
}

/// See the module.
pub struct Queue<E: Send + 'static> {
    shared: Arc<Shared<E>>,
    limits: QueueLimits,
}

struct Shared<E> {
    state: Mutex<State<E>>,
    /// The thread waits here for work.
    work: Condvar,
    /// Callers of `flush` wait here.
    progress: Condvar,
    losses: Losses,
}

struct State<E> {
    waiting: VecDeque<E>,
    bytes: usize,
    /// Entries ever taken into the queue, and entries of these that are settled.
    taken: u64,
    settled: u64,
    reopen: bool,
    closing: bool,
    /// The thread sleeps until it is woken.
    asleep: bool,
    /// Callers that wait on `progress`.
    callers: usize,
    /// The dropped queue gave up on its thread: what is settled from now on was counted as lost already.
    abandoned: bool,
}

enum Job {
    /// What has been taken out of the queue.
    Write,
    Reopen,
    Announce,
    Stop,
}

impl<E: Weight + Send + 'static> Queue<E> {
    /// Starts the writing thread, called `name`. Errors when the system gives no thread.
    pub fn start(
        name: &str,
        writer: impl Writer<E> + 'static,
        limits: QueueLimits,
        losses: Losses,
    ) -> io::Result<Self> {
        let state = State {
            waiting: VecDeque::new(),
            bytes: 0,
            taken: 0,
            settled: 0,
            reopen: false,
            closing: false,
            asleep: false,
            callers: 0,
            abandoned: false,
        };
        let (work, progress) = (Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { state: Mutex::new(state), work, progress, losses });
        let thread = Arc::clone(&shared);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || thread.run(writer))?;
        Ok(Self { shared, limits })
    }
}

impl<E: Weight + Send + 'static> Log<E> for Queue<E> {
    fn write(&self, entry: E) {
        let weight = entry.weight();
        let mut state = self.shared.lock();
        // An entry larger than the whole queue still passes through an empty one.
        let room = state.waiting.len() < self.limits.entries
            && (state.waiting.is_empty() || state.bytes.saturating_add(weight) <= self.limits.bytes);
        if room {
            state.bytes += weight;
            state.taken += 1;
            state.waiting.push_back(entry);
            let wake = state.asleep;
            drop(state);
            if wake {
                self.shared.work.notify_one();
            }
        } else {
            drop(state);
            self.shared.losses.record_lost(1, "the queue is full");
        }
    }

    fn flush(&self, patience: Duration) -> bool {
        let state = self.shared.lock();
        let goal = state.taken;
        self.shared.work.notify_one();
        self.shared.wait_for(state, patience, |state| state.settled >= goal)
    }

    fn reopen(&self) {
        self.shared.lock().reopen = true;
        self.shared.work.notify_one();
    }

    fn counters(&self) -> &Counters {
        self.shared.losses.counters()
    }
}

impl<E: Send + 'static> Drop for Queue<E> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closing = true;
        self.shared.work.notify_one();
        if !self.shared.wait_for(state, self.limits.patience, |state| state.settled == state.taken) {
            let mut state = self.shared.lock();
            state.abandoned = true;
            let left = state.taken - state.settled;
            drop(state);
            self.shared.losses.record_lost(left, "the destination took too long at shutdown");
        }
        self.shared.losses.conclude();
    }
}

impl<E> Shared<E> {
    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits on `progress` until the condition holds or the time is over; says whether it holds.
    fn wait_for(
        &self,
        mut state: MutexGuard<'_, State<E>>,
        patience: Duration,
        holds: impl Fn(&State<E>) -> bool,
    ) -> bool {
        let end = Instant::now() + patience;
        while !holds(&state) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state.callers += 1;
            state = self.progress.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            state.callers -= 1;
        }
        true
    }
}

impl<E: Weight> Shared<E> {
    fn run(&self, mut writer: impl Writer<E>) {
        let together = if writer.gathers() { TOGETHER } else { (1, 0) };
        let mut entries = Vec::new();
        loop {
            match self.next_job(together, &mut entries) {
                Job::Write => {
                    let mut rest = entries.as_slice();
                    while !rest.is_empty() {
                        let (written, result) = writer.write_some(rest);
                        rest = rest.get(written + usize::from(result.is_err())..).unwrap_or_default();
                        self.settle(written, result);
                    }
                    entries.clear();
                }
                Job::Reopen => {
                    if let Err(error) = writer.reopen() {
                        self.losses.say(&format!("cannot be opened anew: {error}"));
                    }
                }
                Job::Announce => {
                    self.losses.announce(false);
                }
                Job::Stop => return,
            }
        }
    }

    /// What to do next; what to write is put into `entries`.
    fn next_job(&self, (most, most_bytes): (usize, usize), entries: &mut Vec<E>) -> Job {
        let mut state = self.lock();
        let mut rested = false;
        loop {
            if std::mem::take(&mut state.reopen) {
                return Job::Reopen;
            }
            if state.abandoned {
                return Job::Stop;
            }
            let mut bytes = 0;
            while entries.len() < most
                && state
                    .waiting
                    .front()
                    .is_some_and(|entry| bytes == 0 || bytes + entry.weight() <= most_bytes)
                && let Some(entry) = state.waiting.pop_front()
            {
                bytes += entry.weight();
                state.bytes -= entry.weight();
                entries.push(entry);
            }
            if !entries.is_empty() {
                return Job::Write;
            }
            if state.closing {
                return Job::Stop;
            }
            // Losses that fell into the interval after a notice are announced when it is over.
            let patience = if rested { self.losses.interval() } else { LINGER };
            state.asleep = rested;
            let (guard, timeout) =
                self.work.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
            state = guard;
            state.asleep = false;
            if rested && timeout.timed_out() && state.waiting.is_empty() {
                return Job::Announce;
            }
            rested = true;
        }
    }

    /// So many entries are written, and with an error one more is lost.
    fn settle(&self, written: usize, result: io::Result<()>) {
        let mut state = self.lock();
        state.settled += (written + usize::from(result.is_err())) as u64;
        // Count before `flush` can return: whoever waited reads counters that include its entries.
        if !state.abandoned {
            self.losses.record_written(written as u64);
            if let Err(error) = result {
                self.losses.record_lost(1, &error.to_string());
            }
        }
        let is_awaited = state.callers > 0;
        drop(state);
        if is_awaited {
            self.progress.notify_all();
        }
    }
}
