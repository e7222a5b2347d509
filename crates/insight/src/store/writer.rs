//! The thread that writes: takes what waits, writes it in one transaction, drops what is too old or too much.
//!
//! A batch is what waits when the writer comes back, at most [`BATCH`] events; so a busy proxy pays one commit for many
//! events and a quiet one sees its event at once. Counters are written once a second.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portcullis_audit::writers::Losses;
use rusqlite::{Connection, Transaction, params};

use super::live::Live;
use super::schema::used_bytes;
use super::{Limits, query};
use crate::counts::Counts;
use crate::event::{EventDetail, EventSummary};

/// Events of one transaction at most.
const BATCH: usize = 500;

/// How often counters are written.
const PERIOD: Duration = Duration::from_secs(1);

/// How often losses are told on standard error.
const NOTICES: Duration = Duration::from_secs(10);

const DAY_MICROS: i64 = 86_400_000_000;
const MINUTE_MICROS: i64 = 60_000_000;

/// What the writer is told.
pub(super) enum Message {
    Event(Box<EventDetail>, usize),
    Flush(SyncSender<()>),
}

/// What workers and the writer share.
pub(super) struct Shared {
    limits: Limits,
    minutes: Mutex<BTreeMap<i64, Counts>>,
    /// `None`: closed.
    sender: Mutex<Option<Sender<Message>>>,
    queued_bytes: AtomicUsize,
    pub(super) lost_in_queue: AtomicU64,
    pub(super) lost_in_file: AtomicU64,
    notices: Losses,
    pub(super) live: Live,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(limits: Limits) -> (Self, Receiver<Message>) {
        let (sender, receiver) = channel();
        let shared = Self {
            limits,
            minutes: Mutex::default(),
            sender: Mutex::new(Some(sender)),
            queued_bytes: AtomicUsize::new(0),
            lost_in_queue: AtomicU64::new(0),
            lost_in_file: AtomicU64::new(0),
            notices: Losses::new("event store", NOTICES),
            live: Live::default(),
        };
        (shared, receiver)
    }

    pub(super) fn count(&self, micros: i64, counts: &Counts) {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        minutes.entry(micros.div_euclid(MINUTE_MICROS)).or_default().add(counts);
    }

    pub(super) fn enqueue(&self, event: Box<EventDetail>) {
        let bytes = weight(&event);
        let before = self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > self.limits.queue_bytes || !self.send(Message::Event(event, bytes)) {
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.lost_in_queue.fetch_add(1, Ordering::Relaxed);
            self.notices.record_lost(1, "its queue is full");
        }
    }

    pub(super) fn send(&self, message: Message) -> bool {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.as_ref().is_some_and(|sender| sender.send(message).is_ok())
    }

    pub(super) fn close(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// What an event takes in memory, about.
fn weight(event: &EventDetail) -> usize {
    let pairs = |pairs: &[(crate::Bytes, crate::Bytes)]| -> usize {
        pairs.iter().map(|(name, value)| name.len() + value.len() + 64).sum()
    };
    let request = &event.request;
    let matched = event.matched.iter().map(|rule| {
        let tags: usize = rule.tags.iter().map(|tag| tag.len() + 32).sum();
        rule.value.len() + rule.data.len() + rule.operator.len() + rule.msg.len() + tags + 512
    });
    let bodies = [&request.body, &event.response.body].into_iter().flatten().map(crate::Bytes::len);
    let heads = request.line.len() + 2 * request.target.len() + pairs(&request.headers);
    1024 + heads + pairs(&event.response.headers) + matched.sum::<usize>() + bodies.sum::<usize>()
}

/// Starts the thread. It ends when [`Shared::close`] was called and everything that waited is written.
pub(super) fn start(
    connection: Connection,
    shared: Arc<Shared>,
    receiver: Receiver<Message>,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("events".to_owned()).spawn(move || {
        Writer { connection, shared, events: None }.run(&receiver);
    })
}

struct Writer {
    connection: Connection,
    shared: Arc<Shared>,
    /// How many there are; counted when first asked for.
    events: Option<u64>,
}

impl Writer {
    fn run(&mut self, receiver: &Receiver<Message>) {
        let mut counted = Instant::now();
        loop {
            let first = receiver.recv_timeout(PERIOD.saturating_sub(counted.elapsed()));
            let is_closed = matches!(first, Err(RecvTimeoutError::Disconnected));
            let (mut batch, mut waiting) = (Vec::new(), Vec::new());
            for message in first.into_iter().chain(receiver.try_iter().take(BATCH)) {
                match message {
                    Message::Event(event, bytes) => {
                        self.shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
                        batch.push(*event);
                    }
                    Message::Flush(sender) => waiting.push(sender),
                }
            }
            let counts_are_due = is_closed || !waiting.is_empty() || counted.elapsed() >= PERIOD;
            let minutes = if counts_are_due { self.take_minutes() } else { BTreeMap::new() };
            if counts_are_due {
                counted = Instant::now();
            }
            self.store(batch, minutes);
            // Whoever waits may have stopped waiting.
            for sender in waiting {
                let _ = sender.send(());
            }
            self.shared.notices.announce(false);
            if is_closed {
                self.shared.notices.conclude();
                return;
            }
        }
    }

    fn take_minutes(&self) -> BTreeMap<i64, Counts> {
        std::mem::take(&mut *self.shared.minutes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn store(&mut self, mut batch: Vec<EventDetail>, minutes: BTreeMap<i64, Counts>) {
        if batch.is_empty() && minutes.is_empty() {
            return;
        }
        let mut stored = self.try_to_store(&mut batch, &minutes);
        if stored.is_err() {
            // A full file has room again when its oldest events are gone.
            let _ = self.drop_oldest(batch.len() as u64 + 100);
            stored = self.try_to_store(&mut batch, &minutes);
        }
        match stored {
            Ok(()) => self.shared.live.publish(batch.into_iter().map(|event| event.summary).collect()),
            Err(error) => {
                let lost = batch.len() as u64;
                self.shared.lost_in_file.fetch_add(lost, Ordering::Relaxed);
                if lost > 0 {
                    self.shared.notices.record_lost(lost, &error.to_string());
                }
                // Counters wait for better times; a minute takes the same room however often it is counted.
                for (minute, counts) in minutes {
                    self.shared.count(minute * MINUTE_MICROS, &counts);
                }
            }
        }
    }

    fn try_to_store(
        &mut self,
        batch: &mut [EventDetail],
        minutes: &BTreeMap<i64, Counts>,
    ) -> rusqlite::Result<()> {
        let known = match self.events {
            Some(events) => events,
            None => query::count_all(&self.connection)?,
        };
        self.events = None;
        let newest = batch.iter().map(|event| event.summary.micros).max();
        let limits = self.shared.limits;
        let transaction = self.connection.transaction()?;
        for event in batch.iter_mut() {
            event.summary.seq = insert(&transaction, event)?;
        }
        for (minute, counts) in minutes {
            add_minute(&transaction, *minute, counts)?;
        }
        let mut events = known + batch.len() as u64;
        if let Some(newest) = newest {
            let oldest = newest.saturating_sub(i64::from(limits.days).saturating_mul(DAY_MICROS));
            events -= delete(&transaction, "micros < ?1", oldest)?;
        }
        let too_many = events.saturating_sub(limits.events);
        if too_many > 0 {
            events -= delete_oldest(&transaction, too_many)?;
        }
        if let Some((newest, _)) = minutes.last_key_value() {
            let oldest = newest.saturating_sub(i64::from(limits.count_days).saturating_mul(1440));
            transaction.execute("DELETE FROM minute WHERE minute < ?1", [oldest])?;
        }
        while events > 0 && used_bytes(&transaction)? > limits.bytes {
            events -= delete_oldest(&transaction, events.div_ceil(20))?;
        }
        transaction.commit()?;
        self.events = Some(events);
        Ok(())
    }

    fn drop_oldest(&mut self, count: u64) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        delete_oldest(&transaction, count)?;
        self.events = None;
        transaction.commit()
    }
}

fn add_minute(transaction: &Transaction<'_>, minute: i64, counts: &Counts) -> rusqlite::Result<()> {
    let names = Counts::NAMES.join(", ");
    let values: Vec<String> = counts.values().iter().map(u64::to_string).collect();
    let sums: Vec<String> =
        Counts::NAMES.iter().map(|name| format!("{name} = {name} + excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO minute (minute, {names}) VALUES (?1, {}) ON CONFLICT DO UPDATE SET {}",
        values.join(", "),
        sums.join(", ")
    );
    transaction.prepare(&sql)?.execute([minute]).map(drop)
}

fn delete_oldest(transaction: &Transaction<'_>, count: u64) -> rusqlite::Result<u64> {
    let last: Option<i64> = transaction.query_row(
        "SELECT max(seq) FROM (SELECT seq FROM event ORDER BY seq LIMIT ?1)",
        [i64::try_from(count).unwrap_or(i64::MAX)],
        |row| row.get(0),
    )?;
    match last {
        Some(last) => delete(transaction, "seq <= ?1", last),
        None => Ok(0),
    }
}

fn delete(transaction: &Transaction<'_>, which: &str, value: i64) -> rusqlite::Result<u64> {
    for table in ["hit", "tag"] {
        let sql = format!("DELETE FROM {table} WHERE seq IN (SELECT seq FROM event WHERE {which})");
        transaction.prepare_cached(&sql)?.execute([value])?;
    }
    let deleted =
        transaction.prepare_cached(&format!("DELETE FROM event WHERE {which}"))?.execute([value])?;
    Ok(deleted as u64)
}

fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn insert(transaction: &Transaction<'_>, event: &EventDetail) -> rusqlite::Result<u64> {
    let summary = &event.summary;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO event (id, micros, client, host, method, path, status, verdict, score, text, summary, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    insert.execute(params![
        summary.id,
        summary.micros,
        summary.client,
        summary.host.to_string(),
        summary.method.to_string(),
        summary.path.to_string(),
        summary.status.unwrap_or(0),
        summary.verdict.number(),
        summary.score,
        searched(event),
        json(&summary)?,
        json(&event)?,
    ])?;
    let seq = transaction.last_insert_rowid();
    for rule in &event.matched {
        let id = i64::try_from(rule.id).unwrap_or(i64::MAX);
        transaction
            .prepare_cached("INSERT OR IGNORE INTO hit (rule, seq, sums_up) VALUES (?1, ?2, ?3)")?
            .execute(params![id, seq, rule.sums_up])?;
        transaction
            .prepare_cached(
                "INSERT INTO rule (rule, message) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET message = excluded.message WHERE message <> excluded.message",
            )?
            .execute(params![id, rule.msg.to_string()])?;
        for tag in &rule.tags {
            transaction
                .prepare_cached("INSERT OR IGNORE INTO tag (tag, seq) VALUES (?1, ?2)")?
                .execute(params![tag.to_string(), seq])?;
        }
    }
    Ok(u64::try_from(seq).unwrap_or(0))
}

/// What words without a field are looked for in.
fn searched(event: &EventDetail) -> String {
    let mut text = event.request.target.to_string();
    for rule in &event.matched {
        for part in [&rule.msg, &rule.data, &rule.variable, &rule.value] {
            text.push('\n');
            text.push_str(&part.to_string());
        }
    }
    text.extend(event.error.iter().flat_map(|error| ["\n", error]));
    text
}

/// The summary of a stored event.
pub(super) fn summary_of(text: &str, seq: i64) -> rusqlite::Result<EventSummary> {
    let mut summary: EventSummary = query::read(text)?;
    summary.seq = u64::try_from(seq).unwrap_or(0);
    Ok(summary)
}
