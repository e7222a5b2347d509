//! Writers and the two ways to drive them: order, bounds, rotation, and what happens when a destination fails.

#![allow(missing_docs, reason = "helpers of the tests below")]

mod concurrent;
mod destinations;
mod direct;
mod queue;
mod streams;

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_audit::writers::{Losses, Writer};

/// Long enough for any machine; reached only when a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Notices that a log gave.
pub type Notices = Arc<Mutex<Vec<String>>>;

/// Losses of a log called `test log` whose notices can be looked at.
pub fn losses(interval: Duration) -> (Losses, Notices) {
    let notices = Notices::default();
    let heard = Arc::clone(&notices);
    (Losses::with_announcer("test log", interval, move |text| heard.lock().unwrap().push(text)), notices)
}

pub fn said(notices: &Notices) -> Vec<String> {
    notices.lock().unwrap().clone()
}

pub fn read(path: &Path) -> String {
    String::from_utf8(std::fs::read(path).unwrap()).unwrap()
}

/// A writer whose every step waits for the test.
pub struct Gate {
    permits: Receiver<io::Result<()>>,
    started: Sender<String>,
    pub reopened: Arc<Mutex<u32>>,
}

/// The test's end of a [`Gate`].
pub struct GateKeeper {
    pub permits: Sender<io::Result<()>>,
    pub started: Receiver<String>,
}

pub fn gate() -> (Gate, GateKeeper) {
    let (permit, permits) = channel();
    let (start, started) = channel();
    let gate = Gate { permits, started: start, reopened: Arc::default() };
    (gate, GateKeeper { permits: permit, started })
}

impl Writer<Vec<u8>> for Gate {
    fn write(&mut self, entry: &Vec<u8>) -> io::Result<()> {
        self.started.send(String::from_utf8(entry.clone()).unwrap()).map_err(io::Error::other)?;
        self.permits.recv().map_err(io::Error::other)?
    }

    fn reopen(&mut self) -> io::Result<()> {
        *self.reopened.lock().unwrap() += 1;
        Ok(())
    }
}

impl GateKeeper {
    /// Lets so many entries through.
    pub fn admit(&self, entries: usize) {
        (0..entries).for_each(|_| self.permits.send(Ok(())).unwrap());
    }

    /// Waits until an entry stands before the gate.
    pub fn next(&self) -> String {
        self.started.recv_timeout(PATIENCE).unwrap()
    }
}
