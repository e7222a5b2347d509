//! The event store, written by a thread of its own, bounded in every direction.
//!
//! ```text
//! worker ─ submit ─▶ queue (bounded) ─▶ writer thread ─ a transaction per batch ─▶ events.sqlite ─▶ list, get, overview, …
//!        └ counts ─▶ map of minutes ──────┘                                      └▶ subscribers (live tail)
//! ```
//!
//! `kept.rs` is what rows hold of an event, `catalogue.rs` what is the same in many; `sqlite/` keeps them in a file,
//! `postgres/` where many instances share them, both behind the traits [`Storage`] and [`Reading`].
//!
//! [`Events::submit`] never waits: what the queue cannot take is dropped and counted in [`Events::losses`], as is what the
//! file cannot take. Counters of minutes are never dropped with events. When there are more events, more bytes or older events
//! than [`Limits`] allow, the oldest go. Reading has a connection of its own and does not hold up the writer.
//!
//! A shared store that is away keeps events waiting, up to the bytes of the queue: [`Events::trouble`] says so meanwhile.
//!
//! Limits: one process writes a file; counters of the last second are lost when the process dies; subscribers hear of the
//! events of their own instance.

mod catalogue;
mod kept;
mod live;
mod postgres;
mod queue;
mod reports;
mod sqlite;
mod tally;
mod writer;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::counts::Counts;
use crate::event::{EventDetail, EventSummary};
use crate::filter::{Filter, Window};
use crate::instance::{Instance, Presence};
use crate::observed::Event;
use crate::places::Places;
use crate::report::{Overview, Protection};
use catalogue::Entry;
use kept::Kept;
use queue::Shared;
use tally::Tally;

const MINUTE_MICROS: i64 = 60_000_000;

/// The half of a store that writes; the writer's thread has it.
trait Storage: Send {
    /// All entries of the catalogue, for the beginning.
    fn rules(&mut self) -> Result<Vec<Entry>, String>;

    /// Writes all of it or nothing, and drops what is too old or too much. Events get their place.
    fn store(
        &mut self,
        batch: &mut [Kept],
        fresh: &[Arc<Entry>],
        minutes: &BTreeMap<i64, Counts>,
    ) -> Result<(), String>;

    /// Drops so many of the oldest events: a full disk has room again.
    fn make_room(&mut self, events: u64) -> Result<(), String>;

    /// Tells those who share the store what we are and how many events we lost.
    fn announce(&mut self, presence: &Presence, lost: u64) -> Result<(), String>;

    /// Whether what failed last may work later: what was to be written is worth keeping.
    fn is_away(&self) -> bool;
}

/// The half that reads.
trait Reading: Send + fmt::Debug {
    fn list(
        &mut self,
        filter: &Filter,
        before: Option<u64>,
        count: usize,
    ) -> Result<Page<EventSummary>, EventsError>;

    fn count(&mut self, filter: &Filter) -> Result<u64, EventsError>;

    fn get(&mut self, id: &str) -> Result<Option<EventDetail>, EventsError>;

    fn details(&mut self, filter: &Filter, count: usize) -> Result<Vec<EventDetail>, EventsError>;

    /// Rules, paths and clients of the events that pass.
    fn tally(&mut self, filter: &Filter) -> Result<Tally, EventsError>;

    /// The counters of the minutes from one to another, both included.
    fn minutes(&mut self, from: i64, to: i64) -> Result<Vec<(i64, Counts)>, EventsError>;

    /// Who shares the store.
    fn instances(&mut self, window: Window) -> Result<Vec<Instance>, EventsError>;
}

/// How much the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events.
    pub events: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Days that an event is kept.
    pub days: u32,
    /// Days that the counters of minutes are kept.
    pub count_days: u32,
    /// Bytes of events that wait to be written.
    pub queue_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { events: 100_000, bytes: 512 << 20, days: 30, count_days: 400, queue_bytes: 16 << 20 }
    }
}

/// Why the store cannot do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventsError {
    /// The file cannot be opened.
    #[error("cannot open the event store `{}`: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A shared store cannot be used.
    #[error("the setting `events_url` is of no use: {0}")]
    Shared(String),
    /// Countries are asked for, and nobody knows any.
    #[error(
        "`country:` needs a geographic database: rules in force with `SecGeoLookupDb`, and the console of the proxy that runs them"
    )]
    NoPlaces,
    /// A question has no answer.
    #[error("the event store cannot be read: {0}")]
    Read(String),
}

impl From<rusqlite::Error> for EventsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Read(error.to_string())
    }
}

/// Events that were not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Losses {
    /// The queue was full.
    pub queue: u64,
    /// The file could not be written.
    pub file: u64,
}

impl Losses {
    /// All of them.
    pub fn total(self) -> u64 {
        self.queue + self.file
    }
}

/// Some events, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The events.
    pub items: Vec<T>,
    /// Pass it to [`Events::list`] to get those before; `None` when there are none.
    pub next: Option<u64>,
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file of this process.
    File(PathBuf),
    /// In a database that instances share.
    Shared {
        /// `postgres://user:password@host/name`.
        url: String,
        /// The name of this instance, one of its own.
        instance: String,
    },
}

/// See the module.
pub struct Events {
    shared: Arc<Shared>,
    reader: Mutex<Box<dyn Reading>>,
    place: Place,
    places: Mutex<Option<Arc<dyn Places>>>,
    writer: Option<JoinHandle<()>>,
}

/// The most events on a page.
pub const MOST_ON_PAGE: usize = 500;

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The place may hold a password.
        f.debug_struct("Events").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&PathBuf> for Place {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl Events {
    /// Opens a store and starts its writer. A file is made when it is missing; a database may be away for now.
    ///
    /// # Errors
    /// When the file cannot be opened, is no event store, or is one of a newer version; when the address is none.
    pub fn open(place: impl Into<Place>, limits: Limits) -> Result<Self, EventsError> {
        let place = place.into();
        let (writing, reading): (Box<dyn Storage>, Box<dyn Reading>) = match &place {
            Place::File(path) => {
                let wrong = |reason: String| EventsError::Open { path: path.clone(), reason };
                let writing = sqlite::open(path, &limits).map_err(wrong)?;
                (Box::new(writing), Box::new(sqlite::open_to_read(path).map_err(wrong)?))
            }
            Place::Shared { url, instance } => {
                let config = postgres::address(url).map_err(EventsError::Shared)?;
                let failed = |error: std::io::Error| EventsError::Shared(error.to_string());
                let writing =
                    postgres::Writer::new(config.clone(), limits, instance.clone()).map_err(failed)?;
                (Box::new(writing), Box::new(postgres::Reader::new(config).map_err(failed)?))
            }
        };
        let shared = Arc::new(Shared::new(limits.queue_bytes));
        let writer = writer::start(writing, Arc::clone(&shared)).map_err(EventsError::Shared)?;
        Ok(Self {
            shared,
            reader: Mutex::new(reading),
            place,
            places: Mutex::default(),
            writer: Some(writer),
        })
    }

    /// Opens a store to read it, whether a proxy writes it or not; submitting to it counts as a loss.
    ///
    /// # Errors
    /// As [`Events::open`]; also when the file is missing.
    pub fn read_only(place: impl Into<Place>) -> Result<Self, EventsError> {
        let place = place.into();
        let reading: Box<dyn Reading> = match &place {
            Place::File(path) => Box::new(
                sqlite::open_to_read(path)
                    .map_err(|reason| EventsError::Open { path: path.clone(), reason })?,
            ),
            Place::Shared { url, .. } => {
                let config = postgres::address(url).map_err(EventsError::Shared)?;
                Box::new(
                    postgres::Reader::new(config).map_err(|error| EventsError::Shared(error.to_string()))?,
                )
            }
        };
        // A queue that takes nothing, as nobody would write it.
        let shared = Arc::new(Shared::new(0));
        Ok(Self { shared, reader: Mutex::new(reading), place, places: Mutex::default(), writer: None })
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Asks these in which countries clients are.
    pub fn set_places(&self, places: Arc<dyn Places>) {
        *self.places.lock().unwrap_or_else(PoisonError::into_inner) = Some(places);
    }

    /// Whether it can be asked for countries at present.
    pub fn knows_places(&self) -> bool {
        self.places().is_some_and(|places| places.are_known())
    }

    fn places(&self) -> Option<Arc<dyn Places>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The filter with clients in place of countries.
    fn placed<'a>(&self, filter: &'a Filter) -> Result<Cow<'a, Filter>, EventsError> {
        if !filter.asks_for_places() {
            return Ok(Cow::Borrowed(filter));
        }
        let places = self.places().filter(|places| places.are_known()).ok_or(EventsError::NoPlaces)?;
        let clients = self.reader().tally(&Filter::default().within(filter.window))?.clients;
        Ok(Cow::Owned(filter.placed(&clients, &*places)))
    }

    /// Says what this instance is, at the start and whenever that changes.
    pub fn announce(&self, presence: Presence) {
        self.shared.announce(presence);
    }

    /// What keeps events from being written at present; `None` when nothing does.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble()
    }

    /// The instances that share the store, with what each counted in a stretch of time; none for a file.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn instances(&self, window: Window) -> Result<Vec<Instance>, EventsError> {
        self.reader().instances(window)
    }

    /// Counts an exchange and stores its detail, soon; never waits.
    pub fn submit(&self, event: Event) {
        self.shared.count(event.micros, &event.counts);
        if let Some(detail) = event.detail {
            self.shared.enqueue(*detail);
        }
    }

    /// Waits until everything submitted before is written or lost; `false` when the time was not enough.
    pub fn flush(&self, patience: Duration) -> bool {
        self.writer.is_none() || self.shared.flush(patience)
    }

    /// What was not stored since the start.
    pub fn losses(&self) -> Losses {
        self.shared.losses()
    }

    /// Events as they are stored from now on. Who is slow misses some.
    pub fn subscribe(&self) -> Receiver<EventSummary> {
        self.shared.live.subscribe()
    }

    /// Events that pass the filter, newest first, at most `count` of them; `before`: older than that [`Page::next`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(
        &self,
        filter: &Filter,
        before: Option<u64>,
        count: usize,
    ) -> Result<Page<EventSummary>, EventsError> {
        // Before the reader is locked: this asks it, too.
        let filter = self.placed(filter)?;
        self.reader().list(&filter, before, count.clamp(1, MOST_ON_PAGE))
    }

    /// How many events pass the filter.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn count(&self, filter: &Filter) -> Result<u64, EventsError> {
        let filter = self.placed(filter)?;
        self.reader().count(&filter)
    }

    /// The event of a request id; of several the newest.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn get(&self, id: &str) -> Result<Option<EventDetail>, EventsError> {
        self.reader().get(id)
    }

    /// Whole events that pass the filter, newest first, at most `count`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn details(&self, filter: &Filter, count: usize) -> Result<Vec<EventDetail>, EventsError> {
        let filter = self.placed(filter)?;
        self.reader().details(&filter, count)
    }

    /// Counts and tops of a stretch of time. An unbounded end is where the counters begin or end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn overview(&self, window: Window) -> Result<Overview, EventsError> {
        let places = self.places();
        reports::overview(&mut **self.reader(), window, places.as_deref())
    }

    /// What protection would have blocked in a stretch of time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn protection(&self, window: Window) -> Result<Protection, EventsError> {
        let places = self.places();
        reports::protection(&mut **self.reader(), window, places.as_deref())
    }

    /// Events in which a rule matched, by rule, for lists of rules.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn hits(&self, window: Window) -> Result<Vec<(u64, u64)>, EventsError> {
        Ok(self.reader().tally(&Filter::default().within(window))?.hits())
    }

    fn reader(&self) -> MutexGuard<'_, Box<dyn Reading>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so on standard error.
            let _ = writer.join();
        }
    }
}
