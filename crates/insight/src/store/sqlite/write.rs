//! A batch of events in one transaction, and the oldest out of it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rusqlite::{Connection, Transaction, params};

use super::functions::{packed, unpacked};
use super::schema::used_bytes;
use crate::bytes::Bytes;
use crate::counts::Counts;
use crate::store::catalogue::Entry;
use crate::store::kept::Kept;
use crate::store::{Limits, Presence, Storage};

const DAY_MICROS: i64 = 86_400_000_000;

/// The half that writes.
pub(in crate::store) struct Writer {
    connection: Connection,
    limits: Limits,
    /// How many events there are and the number of the next; asked for when not known.
    known: Option<(u64, i64)>,
}

impl Writer {
    /// On a file of this layout.
    pub(super) fn new(connection: Connection, limits: Limits) -> rusqlite::Result<Self> {
        drop_unused_rules(&connection)?;
        Ok(Self { connection, limits, known: None })
    }

    fn try_to_store(
        &mut self,
        batch: &mut [Kept],
        fresh: &[Arc<Entry>],
        minutes: &BTreeMap<i64, Counts>,
    ) -> rusqlite::Result<()> {
        let (known, mut next) = match self.known.take() {
            Some(known) => known,
            None => self.connection.query_row(
                "SELECT count(*), coalesce(max(seq), 0) + 1 FROM event",
                [],
                |row| Ok((unsigned(row.get(0)?), row.get(1)?)),
            )?,
        };
        let newest = batch.iter().map(|event| event.summary.micros).max();
        let limits = self.limits;
        let transaction = self.connection.transaction()?;
        for entry in fresh {
            insert_rule(&transaction, entry)?;
        }
        insert(&transaction, batch, &mut next)?;
        for (minute, counts) in minutes {
            add_minute(&transaction, *minute, counts)?;
        }
        let mut events = known + batch.len() as u64;
        if let Some(newest) = newest {
            let oldest = newest.saturating_sub(i64::from(limits.days).saturating_mul(DAY_MICROS));
            events -= delete_before(&transaction, oldest)?;
        }
        let too_many = events.saturating_sub(limits.events);
        if too_many > 0 {
            events -= delete_oldest(&transaction, too_many)?;
        }
        if let Some((newest, _)) = minutes.last_key_value() {
            let oldest = newest.saturating_sub(i64::from(limits.count_days).saturating_mul(1440));
            transaction.prepare_cached("DELETE FROM minute WHERE minute < ?1")?.execute([oldest])?;
        }
        while events > 0 && used_bytes(&transaction)? > limits.bytes {
            events -= delete_oldest(&transaction, events.div_ceil(20))?;
        }
        transaction.commit()?;
        self.known = Some((events, next));
        Ok(())
    }

    fn drop_oldest(&mut self, events: u64) -> rusqlite::Result<()> {
        self.known = None;
        let transaction = self.connection.transaction()?;
        delete_oldest(&transaction, events)?;
        transaction.commit()
    }
}

impl Storage for Writer {
    fn rules(&mut self) -> Result<Vec<Entry>, String> {
        stored_rules(&self.connection, 0)
            .map(|rules| rules.into_iter().map(|(_, entry)| entry).collect())
            .map_err(|error| error.to_string())
    }

    fn store(
        &mut self,
        batch: &mut [Kept],
        fresh: &[Arc<Entry>],
        minutes: &BTreeMap<i64, Counts>,
    ) -> Result<(), String> {
        self.try_to_store(batch, fresh, minutes).map_err(|error| error.to_string())
    }

    fn make_room(&mut self, events: u64) -> Result<(), String> {
        self.drop_oldest(events).map_err(|error| error.to_string())
    }

    fn announce(&mut self, _presence: &Presence, _lost: u64) -> Result<(), String> {
        Ok(())
    }

    fn is_away(&self) -> bool {
        false
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn insert(transaction: &Transaction<'_>, batch: &mut [Kept], next: &mut i64) -> rusqlite::Result<()> {
    let mut into_event = transaction.prepare_cached(
        "INSERT INTO event (seq, id, micros, client, host, method, path, status, verdict, score, rules, message)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let mut into_matched =
        transaction.prepare_cached("INSERT INTO matched (seq, content) VALUES (?1, ?2)")?;
    let mut into_detail = transaction.prepare_cached("INSERT INTO detail (seq, content) VALUES (?1, ?2)")?;
    for event in batch {
        let summary = &mut event.summary;
        into_event.execute(params![
            *next,
            summary.id,
            summary.micros,
            summary.client,
            summary.host.to_string(),
            summary.method.to_string(),
            summary.path.to_string(),
            summary.status.unwrap_or(0),
            summary.verdict.number(),
            summary.score,
            packed(&event.rules),
            event.message,
        ])?;
        into_matched.execute(params![*next, event.matched])?;
        into_detail.execute(params![*next, event.rest])?;
        summary.seq = unsigned(*next);
        *next += 1;
    }
    Ok(())
}

fn insert_rule(transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<()> {
    let described = postcard::to_stdvec(&entry.described)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached("INSERT OR IGNORE INTO rule (number, message, described) VALUES (?1, ?2, ?3)")?
        .execute(params![entry.number, entry.message.as_slice(), described])
        .map(drop)
}

/// The rules of the store behind a place, each with its own.
pub(super) fn stored_rules(connection: &Connection, behind: i64) -> rusqlite::Result<Vec<(i64, Entry)>> {
    let mut statement = connection.prepare_cached(
        "SELECT place, number, message, described FROM rule WHERE place > ?1 ORDER BY place",
    )?;
    let rows = statement.query_map([behind], |row| {
        let described = row.get_ref(3)?.as_blob()?;
        let entry = Entry {
            number: row.get(1)?,
            message: Bytes::from(row.get_ref(2)?.as_blob()?),
            described: postcard::from_bytes(described).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Blob, Box::new(error))
            })?,
        };
        Ok((row.get(0)?, entry))
    })?;
    rows.collect()
}

/// Rules of earlier rule sets, of which no event is left, go when the store is opened. The last place is kept: places grow.
fn drop_unused_rules(connection: &Connection) -> rusqlite::Result<()> {
    let mut used = HashSet::new();
    let mut statement = connection.prepare("SELECT rules FROM event")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        used.extend(unpacked(row.get_ref(0)?.as_blob()?));
    }
    let mut statement =
        connection.prepare("SELECT number FROM rule WHERE place < (SELECT max(place) FROM rule)")?;
    let numbers = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    let unused = numbers.into_iter().filter(|number| !used.contains(number));
    let mut delete = connection.prepare("DELETE FROM rule WHERE number = ?1")?;
    connection.execute_batch("BEGIN")?;
    let deleted = unused.map(|number| delete.execute([number])).collect::<rusqlite::Result<Vec<_>>>();
    connection.execute_batch(if deleted.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    deleted.map(drop)
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
    let last: Option<i64> = transaction
        .prepare_cached("SELECT max(seq) FROM (SELECT seq FROM event ORDER BY seq LIMIT ?1)")?
        .query_row([i64::try_from(count).unwrap_or(i64::MAX)], |row| row.get(0))?;
    let Some(last) = last else { return Ok(0) };
    let mut deleted = 0;
    for table in ["matched", "detail", "event"] {
        deleted =
            transaction.prepare_cached(&format!("DELETE FROM {table} WHERE seq <= ?1"))?.execute([last])?;
    }
    Ok(deleted as u64)
}

fn delete_before(transaction: &Transaction<'_>, micros: i64) -> rusqlite::Result<u64> {
    let any: bool = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM event WHERE micros < ?1)")?
        .query_row([micros], |row| row.get(0))?;
    let mut deleted = 0;
    for table in ["matched", "detail", "event"].into_iter().filter(|_| any) {
        let sql = format!("DELETE FROM {table} WHERE seq IN (SELECT seq FROM event WHERE micros < ?1)");
        deleted = transaction.prepare_cached(&sql)?.execute([micros])?;
    }
    Ok(deleted as u64)
}
