//! The thread that writes: takes what waits, writes it in one transaction, drops what is too old or too much.
//!
//! A batch is what came while the queue gathered, or as much as it may hold at once; so a busy proxy pays one commit for many
//! events, and a quiet one sees its event a quarter of a second later. Counters are written once a second. While a shared store
//! is away the batch in hand waits, and the queue behind it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::kept::Kept;
use super::queue::Shared;
use super::{MINUTE_MICROS, Storage};
use crate::counts::Counts;

/// How often counters are written.
const PERIOD: Duration = Duration::from_secs(1);

/// How often those who share the store hear of this instance.
const PRESENCE: Duration = Duration::from_secs(5);

/// How long until another attempt when the store is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the thread. It ends when [`Shared::close`] was called and everything that waited is written.
pub(super) fn start(mut storage: Box<dyn Storage>, shared: Arc<Shared>) -> Result<JoinHandle<()>, String> {
    shared.set_known(storage.rules()?);
    thread::Builder::new()
        .name("events".to_owned())
        .spawn(move || Writer { storage, shared, announced: None, is_unheard: false }.run())
        .map_err(|error| error.to_string())
}

struct Writer {
    storage: Box<dyn Storage>,
    shared: Arc<Shared>,
    announced: Option<Instant>,
    /// Whether the last attempt to announce this instance failed.
    is_unheard: bool,
}

impl Writer {
    fn run(&mut self) {
        let mut due = Instant::now() + PERIOD;
        loop {
            let taken = self.shared.take(due);
            let counts_are_due = taken.closed || taken.flush.is_some() || Instant::now() >= due;
            let minutes = if counts_are_due { self.shared.take_minutes() } else { BTreeMap::new() };
            if counts_are_due {
                due = Instant::now() + PERIOD;
            }
            self.store(taken.events, minutes);
            if !taken.closed {
                self.announce();
            }
            if let Some(flush) = taken.flush {
                self.shared.flushed(flush);
            }
            self.shared.notices.announce(false);
            if taken.closed {
                self.shared.notices.conclude();
                return;
            }
        }
    }

    fn store(&mut self, mut batch: Vec<Kept>, minutes: BTreeMap<i64, Counts>) {
        if batch.is_empty() && minutes.is_empty() {
            return;
        }
        // Behind the events: each of their rules is in it, or stored.
        let fresh = self.shared.take_fresh();
        let mut stored = self.storage.store(&mut batch, &fresh, &minutes);
        while stored.is_err() && self.storage.is_away() {
            self.shared.set_trouble(stored.as_ref().err().cloned());
            self.shared.notices.announce(false);
            let closed = self.shared.pause(PAUSE);
            stored = self.storage.store(&mut batch, &fresh, &minutes);
            if closed {
                break;
            }
        }
        if stored.is_err() && !self.storage.is_away() {
            // A full file has room again when its oldest events are gone.
            let _ = self.storage.make_room(batch.len() as u64 + 100);
            stored = self.storage.store(&mut batch, &fresh, &minutes);
        }
        self.shared.set_trouble(stored.as_ref().err().cloned());
        match stored {
            Ok(()) => self.shared.live.publish(batch.into_iter().map(|event| event.summary)),
            Err(error) => {
                self.shared.keep_fresh(fresh);
                self.shared.lose(batch.len() as u64, &error);
                // Counters wait for better times; a minute takes the same room however often it is counted.
                for (minute, counts) in minutes {
                    self.shared.count(minute * MINUTE_MICROS, &counts);
                }
            }
        }
    }

    fn announce(&mut self) {
        if self.announced.is_some_and(|at| at.elapsed() < PRESENCE) && !self.shared.has_news() {
            return;
        }
        self.announced = Some(Instant::now());
        let told = self.storage.announce(&self.shared.presence(), self.shared.losses().total());
        let was_unheard = std::mem::replace(&mut self.is_unheard, told.is_err());
        match told {
            Err(error) => self.shared.set_trouble(Some(error)),
            Ok(()) if was_unheard => self.shared.set_trouble(None),
            Ok(()) => {}
        }
    }
}
