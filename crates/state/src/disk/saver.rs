//! The thread that brings what changed in memory to the file.
//!
//! Every interval, and when asked, it takes the names that changed, reads the records as they are now, and writes them in
//! one transaction. When that fails the names go back among the changed ones and are written next time. It reports when
//! saving begins to fail and when it works again, not each time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Report;
use super::file::RecordFile;
use crate::MemoryStore;
use crate::error::OpenError;

/// How long the end of a store waits for its last save.
const LAST_SAVE: Duration = Duration::from_secs(10);

/// The thread, as the store sees it.
pub(super) struct Saver {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    saved: Condvar,
    failures: AtomicU64,
}

#[derive(Default)]
struct State {
    /// Saves asked for, and how many of these have been answered.
    asked: u64,
    answered: u64,
    /// The latest save wrote everything there was.
    works: bool,
    closing: bool,
}

impl Saver {
    pub(super) fn start(
        memory: Arc<MemoryStore>,
        file: RecordFile,
        interval: Duration,
        report: Report,
    ) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State { works: true, ..State::default() }),
            ..Shared::default()
        });
        let thread = Arc::clone(&shared);
        let run = move || thread.run(&memory, file, interval, &report);
        let builder = std::thread::Builder::new().name("state-saver".to_owned());
        let thread = Some(builder.spawn(run).map_err(|source| OpenError::Thread { source })?);
        Ok(Self { shared, thread })
    }

    /// Asks for a save; says whether it worked, or nothing when the time was not enough.
    pub(super) fn save(&self, patience: Duration) -> Option<bool> {
        let mut state = self.shared.lock();
        state.asked += 1;
        let goal = state.asked;
        self.shared.wake.notify_one();
        let waited = self.shared.saved.wait_timeout_while(state, patience, |state| state.answered < goal);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        (!timeout.timed_out()).then_some(state.works)
    }

    pub(super) fn failures(&self) -> u64 {
        self.shared.failures.load(Ordering::Relaxed)
    }
}

impl Drop for Saver {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        // The thread closes the file when it ends. One that is stuck is left behind.
        if self.save(LAST_SAVE).is_some()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, memory: &MemoryStore, mut file: RecordFile, interval: Duration, report: &Report) {
        loop {
            let state = self.lock();
            let idle = |state: &mut State| state.asked == state.answered && !state.closing;
            let waited = self.wake.wait_timeout_while(state, interval, idle);
            let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            let (goal, closing, worked) = (state.asked, state.closing, state.works);
            drop(state);
            let result = save(memory, &mut file);
            match &result {
                Ok(()) if !worked => report("collections are saved again".to_owned()),
                Err(reason) if worked => {
                    report(format!(
                        "cannot save collections: {reason}; they live on in memory, and saving is tried again"
                    ));
                }
                _ => {}
            }
            self.failures.fetch_add(u64::from(result.is_err()), Ordering::Relaxed);
            let mut state = self.lock();
            state.works = result.is_ok();
            state.answered = goal;
            drop(state);
            self.saved.notify_all();
            if closing {
                return;
            }
        }
    }
}

fn save(memory: &MemoryStore, file: &mut RecordFile) -> Result<(), String> {
    if !file.is_in_place() {
        memory.lose_track();
    }
    let changes = memory.take_changes();
    if changes.records.is_empty() && !changes.everything {
        return Ok(());
    }
    // The library panics on a file that somebody damaged while it was open. That must not end saving in silence.
    let written = catch_unwind(AssertUnwindSafe(|| file.write(&changes)));
    let result = written.unwrap_or_else(|_| Err("the file is damaged".to_owned()));
    if result.is_err() {
        memory.return_changes(changes);
    }
    result
}
