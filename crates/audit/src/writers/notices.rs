//! What a log has to say of itself, on standard error, without holding anyone up.
//!
//! `say("portcullis: audit log: 1 entry lost: No space left on device")` → the line, written by a short-lived thread,
//! for standard error may itself be a stuck pipe. While one notice is being written no second is begun: the caller keeps
//! what it had to say. At the end of a log [`Speaker::settle`] waits a moment, so that a last notice is not cut off by
//! the end of the process.

use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Where notices go.
pub(super) enum Speaker {
    /// Standard error.
    Stderr(Arc<Voice>),
    /// A function, which must not block.
    Function(Box<dyn Fn(String) + Send + Sync>),
}

/// The thread that speaks, at most one.
#[derive(Default)]
pub(super) struct Voice {
    busy: Mutex<bool>,
    done: Condvar,
}

impl Speaker {
    pub(super) fn stderr() -> Self {
        Self::Stderr(Arc::default())
    }

    /// Says a text; `false` when it was not said because an earlier one is still being written.
    pub(super) fn say(&self, text: String) -> bool {
        match self {
            Self::Function(tell) => {
                tell(text);
                true
            }
            Self::Stderr(voice) => Arc::clone(voice).say(text),
        }
    }

    /// Waits until nothing is being said, no longer than the patience.
    pub(super) fn settle(&self, patience: Duration) {
        if let Self::Stderr(voice) = self {
            let busy = voice.busy.lock().unwrap_or_else(PoisonError::into_inner);
            // Whether the time was enough makes no difference: there is nobody left to tell.
            let _ = voice.done.wait_timeout_while(busy, patience, |busy| *busy);
        }
    }
}

impl Voice {
    fn say(self: Arc<Self>, text: String) -> bool {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if *busy {
            return false;
        }
        let voice = Arc::clone(&self);
        let speak = move || {
            // One write, so that lines of several logs do not mix. Nobody is left to tell when standard error is closed
            // or full; the counters still say it.
            let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
            *voice.busy.lock().unwrap_or_else(PoisonError::into_inner) = false;
            voice.done.notify_all();
        };
        *busy = std::thread::Builder::new().name("log-notice".to_owned()).spawn(speak).is_ok();
        *busy
    }
}
