//! Where entries go: destinations ([`Writer`]) and the two ways to drive one ([`Log`]).
//!
//! ```text
//! Queue  ─ a thread ─▶ Writer (file, stdout, stderr, |program, concurrent)     the request path only takes a lock
//! Direct ─ the calling thread ─▶ Writer                                        the line is on disk when it returns
//! ```
//!
//! Every log of a running proxy, the error log included, is driven by a queue. Measured on a busy machine of two cores, a
//! line of 400 bytes to a file on a local disk costs the caller 1.5 to 5 µs directly and 0.1 to 0.6 µs through a queue, with
//! the same processor time in all; but a direct write stands still as long as the disk does, and with it every connection
//! of its worker. What a queue has taken is written before a normal exit ends (it is dropped, and waits), lines of one
//! process keep their order, and a line reaches its file about two milliseconds after the answer at the latest, as long as
//! the disk keeps up. A reader that needs it there at once flushes, or uses [`Direct`].
//!
//! A writer brings an entry, or what waits of short ones, to its place with one `write(2)` and says whether it worked; it
//! never retries and never counts. The driver counts ([`Counters`]) and gives notice of losses ([`Losses`]).

mod concurrent;
mod direct;
mod file;
mod losses;
mod notices;
mod pipe;
mod queue;
mod serial;
mod stream;

pub use concurrent::{ConcurrentWriter, Storage};
pub use direct::Direct;
pub use file::{FileOptions, FileWriter};
pub use losses::{Counters, Losses};
pub use pipe::PipeWriter;
pub use queue::{Queue, QueueLimits};
pub use serial::open_serial;
pub use stream::StreamWriter;

use std::io;
use std::time::Duration;

use crate::formats::concurrent::ConcurrentEntry;

/// A destination of entries.
pub trait Writer<E>: Send {
    /// Brings one entry to its place. An error means that the entry is lost (a part of it may have been written).
    fn write(&mut self, entry: &E) -> io::Result<()>;

    /// Whether several entries are brought there with less effort than one by one.
    fn gathers(&self) -> bool {
        false
    }

    /// Brings the first of these entries there, as many at a time as it likes. Returns how many; with an error, the one behind
    /// them is lost.
    fn write_some(&mut self, entries: &[E]) -> (usize, io::Result<()>) {
        let result = entries.first().map_or(Ok(()), |entry| self.write(entry));
        (usize::from(result.is_ok()), result)
    }

    /// Opens the destination anew, for log rotation. On an error the old one stays in use.
    fn reopen(&mut self) -> io::Result<()>;
}

impl<E> Writer<E> for Box<dyn Writer<E>> {
    fn write(&mut self, entry: &E) -> io::Result<()> {
        (**self).write(entry)
    }

    fn gathers(&self) -> bool {
        (**self).gathers()
    }

    fn write_some(&mut self, entries: &[E]) -> (usize, io::Result<()>) {
        (**self).write_some(entries)
    }

    fn reopen(&mut self) -> io::Result<()> {
        (**self).reopen()
    }
}

/// A log as the rest of the program sees it: takes entries, never fails, never waits for a disk unless it is [`Direct`].
pub trait Log<E>: Send + Sync {
    /// Takes an entry.
    fn write(&self, entry: E);

    /// Waits until everything taken so far is written or lost; `false` when the time was not enough.
    fn flush(&self, patience: Duration) -> bool;

    /// Asks for the destination to be opened anew.
    fn reopen(&self);

    /// How many entries were written and lost.
    fn counters(&self) -> &Counters;
}

/// Bytes an entry occupies, for the bound of a queue.
pub trait Weight {
    /// Bytes.
    fn weight(&self) -> usize;
}

impl Weight for Vec<u8> {
    fn weight(&self) -> usize {
        self.len()
    }
}

impl Weight for ConcurrentEntry {
    fn weight(&self) -> usize {
        self.path.len() + self.content.len() + self.index.len()
    }
}
