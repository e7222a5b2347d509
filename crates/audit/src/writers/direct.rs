//! A log written by the calling thread: when [`Direct::write`](Log::write) returns, the entry is with the kernel.
//!
//! For command-line tools, and where a reader looks at the file as soon as an answer arrives. Writers share one lock, so
//! a slow disk holds callers up: a proxy under load uses a [`Queue`](super::Queue).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Counters, Log, Losses, Writer};

/// See the module.
pub struct Direct<W> {
    writer: Mutex<W>,
    losses: Losses,
}

impl<W> Direct<W> {
    /// Drives a writer from the calling thread.
    pub fn new(writer: W, losses: Losses) -> Self {
        Self { writer: Mutex::new(writer), losses }
    }
}

impl<E, W: Writer<E>> Log<E> for Direct<W> {
    fn write(&self, entry: E) {
        let result = self.writer.lock().unwrap_or_else(PoisonError::into_inner).write(&entry);
        match result {
            Ok(()) => self.losses.record_written(1),
            Err(error) => self.losses.record_lost(1, &error.to_string()),
        }
    }

    fn flush(&self, _: Duration) -> bool {
        true
    }

    fn reopen(&self) {
        if let Err(error) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).reopen() {
            self.losses.say(&format!("cannot be opened anew: {error}"));
        }
    }

    fn counters(&self) -> &Counters {
        self.losses.counters()
    }
}

impl<W> Drop for Direct<W> {
    fn drop(&mut self) {
        self.losses.conclude();
    }
}
