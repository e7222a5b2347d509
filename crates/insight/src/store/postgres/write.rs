//! A batch of events in one transaction, and now and then the oldest out of the store.
//!
//! The limits hold for the whole store; whichever instance comes first looks after them, every [`HOUSEKEEPING`].

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, Transaction};

use super::link::{Failure, Link};
use crate::counts::Counts;
use crate::store::catalogue::Entry;
use crate::store::kept::Kept;
use crate::store::{Limits, Presence, Storage};

/// How often the limits are looked after.
const HOUSEKEEPING: Duration = Duration::from_secs(10);

/// A lock of ours in the database: one instance at a time looks after the limits.
const LOCK: i64 = 0x706f_7274_6375_6c6d;

const DAY_MICROS: i64 = 86_400_000_000;

/// What a row of an event takes beside its contents, about.
const ROW_BYTES: usize = 400;

/// The half that writes.
pub(in crate::store) struct Writer {
    link: Link,
    limits: Limits,
    name: String,
    /// Our number among the instances, once we have one.
    number: Option<i32>,
    kept_house: Option<Instant>,
    failing: bool,
}

impl Writer {
    /// Of the instance with this name. Connects when there is something to write.
    pub(in crate::store) fn new(config: Config, limits: Limits, name: String) -> std::io::Result<Self> {
        Ok(Self { link: Link::new(config)?, limits, name, number: None, kept_house: None, failing: false })
    }

    fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Client, i32) -> Result<T, Failure>,
    ) -> Result<T, String> {
        let Self { link, name, number, .. } = self;
        let done = link.run(async |client| {
            let number = match *number {
                Some(number) => number,
                None => *number.insert(instance(client, name).await?),
            };
            work(client, number).await
        });
        self.failing = done.as_ref().is_err_and(|failure| failure.is_passing);
        done.map_err(|failure| failure.text)
    }
}

impl Storage for Writer {
    fn rules(&mut self) -> Result<Vec<Entry>, String> {
        // What others stored already costs an attempt each; a store that is away keeps nothing from starting.
        Ok(Vec::new())
    }

    fn store(
        &mut self,
        batch: &mut [Kept],
        fresh: &[Arc<Entry>],
        minutes: &BTreeMap<i64, Counts>,
    ) -> Result<(), String> {
        let limits = self.kept_house.is_none_or(|at| at.elapsed() >= HOUSEKEEPING).then_some(self.limits);
        self.run(async |client, number| {
            let transaction = client.transaction().await?;
            insert_rules(&transaction, fresh).await?;
            insert_events(&transaction, batch, number).await?;
            for (minute, counts) in minutes {
                add_minute(&transaction, *minute, number, counts).await?;
            }
            Ok(transaction.commit().await?)
        })?;
        // The batch is stored: what goes wrong from here on must not have it stored again. It is tried with the next one.
        if let Some(limits) = limits
            && self.run(async |client, _| keep_house(client, &limits).await).is_ok()
        {
            self.kept_house = Some(Instant::now());
        }
        Ok(())
    }

    fn make_room(&mut self, _events: u64) -> Result<(), String> {
        // Its room is not ours to judge: the limits say what is kept.
        Ok(())
    }

    fn announce(&mut self, presence: &Presence, lost: u64) -> Result<(), String> {
        self.run(async |client, number| {
            let sql = "UPDATE instance SET version = $2, rules = $3, commit_id = $4, mode = $5, started = $6, lost = $7,
                       seen = (extract(epoch FROM now()) * 1000000)::bigint WHERE number = $1";
            let Presence { version, rules, commit, mode, started_micros } = presence;
            let lost = i64::try_from(lost).unwrap_or(i64::MAX);
            Ok(client.execute(sql, &[&number, version, rules, commit, mode, started_micros, &lost]).await?)
        })
        .map(|updated| {
            // Somebody emptied the table: we come back with another number.
            self.number = self.number.filter(|_| updated > 0);
        })
    }

    fn is_away(&self) -> bool {
        self.failing
    }
}

async fn instance(client: &Client, name: &str) -> Result<i32, Failure> {
    let sql = "INSERT INTO instance (name, version, rules, mode, started, seen, lost) VALUES ($1, '', '', '', 0, 0, 0)
               ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING number";
    Ok(client.query_one(sql, &[&name]).await?.get(0))
}

async fn insert_rules(transaction: &Transaction<'_>, fresh: &[Arc<Entry>]) -> Result<(), Failure> {
    // In one order everywhere, so that two instances never wait for each other.
    let mut fresh: Vec<&Arc<Entry>> = fresh.iter().collect();
    fresh.sort_unstable_by_key(|entry| entry.number);
    for entry in fresh {
        let described = postcard::to_stdvec(&entry.described)?;
        let sql = "INSERT INTO rule (number, message, described) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        transaction.execute(sql, &[&entry.number, &entry.message.as_slice(), &described]).await?;
    }
    Ok(())
}

async fn insert_events(
    transaction: &Transaction<'_>,
    batch: &mut [Kept],
    number: i32,
) -> Result<(), Failure> {
    if batch.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
    let sql = "SELECT nextval('event_seq') FROM generate_series(1, $1::bigint)";
    let places = transaction.query(sql, &[&count]).await?;
    for (event, place) in batch.iter_mut().zip(places) {
        event.summary.seq = u64::try_from(place.get::<_, i64>(0)).unwrap_or(0);
    }
    let columns = "seq, instance, id, micros, client, host, method, path, status, verdict, score, rules, message, bytes";
    let sink = transaction.copy_in(&format!("COPY event ({columns}) FROM STDIN BINARY")).await?;
    let (int4, int8, text) = (Type::INT4, Type::INT8, Type::TEXT);
    let types = [
        int8.clone(),
        int4.clone(),
        text.clone(),
        int8.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        text.clone(),
        int4.clone(),
        int4.clone(),
        int8.clone(),
        Type::INT8_ARRAY,
        text,
        int4,
    ];
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    for event in batch.iter() {
        let summary = &event.summary;
        let bytes = i32::try_from(event.matched.len() + event.rest.len() + ROW_BYTES).unwrap_or(i32::MAX);
        let verdict = i32::try_from(summary.verdict.number()).unwrap_or(0);
        writer
            .as_mut()
            .write(&[
                &seq(event),
                &number,
                &without_zero(&summary.id),
                &summary.micros,
                &summary.client,
                &summary.host.to_string(),
                &summary.method.to_string(),
                &summary.path.to_string(),
                &i32::from(summary.status.unwrap_or(0)),
                &verdict,
                &summary.score,
                &event.rules,
                &event.message,
                &bytes,
            ])
            .await?;
    }
    writer.finish().await?;
    let sink = transaction.copy_in("COPY content (seq, matched, rest) FROM STDIN BINARY").await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &[int8, Type::BYTEA, Type::BYTEA]));
    for event in batch.iter() {
        writer.as_mut().write(&[&seq(event), &event.matched, &event.rest]).await?;
    }
    writer.finish().await?;
    Ok(())
}

fn seq(event: &Kept) -> i64 {
    i64::try_from(event.summary.seq).unwrap_or(i64::MAX)
}

/// Text columns take every character but this one; the others are written as [`crate::Bytes`], which have none.
fn without_zero(text: &str) -> String {
    text.replace('\0', "")
}

async fn add_minute(
    transaction: &Transaction<'_>,
    minute: i64,
    number: i32,
    counts: &Counts,
) -> Result<(), Failure> {
    let names = Counts::NAMES.join(", ");
    let values: Vec<String> = counts.values().iter().map(u64::to_string).collect();
    let sums: Vec<String> =
        Counts::NAMES.iter().map(|name| format!("{name} = minute.{name} + excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO minute (minute, instance, {names}) VALUES ($1, $2, {})
         ON CONFLICT (minute, instance) DO UPDATE SET {}",
        values.join(", "),
        sums.join(", ")
    );
    transaction.execute(&sql, &[&minute, &number]).await?;
    Ok(())
}

/// Drops what is too old or too much, unless another instance does.
async fn keep_house(client: &mut Client, limits: &Limits) -> Result<(), Failure> {
    let transaction = client.transaction().await?;
    let locked = transaction.query_one("SELECT pg_try_advisory_xact_lock($1)", &[&LOCK]).await?;
    if !locked.get::<_, bool>(0) {
        return Ok(());
    }
    let days = |days: u32| i64::from(days).saturating_mul(DAY_MICROS);
    let sql =
        "WITH old AS (DELETE FROM event WHERE micros < (SELECT max(micros) FROM event) - $1::bigint RETURNING seq)
               DELETE FROM content USING old WHERE content.seq = old.seq";
    transaction.execute(sql, &[&days(limits.days)]).await?;
    let too_many = "SELECT seq FROM event ORDER BY seq DESC OFFSET $1::bigint LIMIT 1";
    let too_much =
        "SELECT seq FROM (SELECT seq, sum(bytes) OVER (ORDER BY seq DESC) AS total FROM event) AS sums
                    WHERE total > $1::bigint ORDER BY seq DESC LIMIT 1";
    for (sql, limit) in [(too_many, limits.events), (too_much, limits.bytes)] {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let Some(last) = transaction.query_opt(sql, &[&limit]).await? else { continue };
        let last: i64 = last.get(0);
        for table in ["content", "event"] {
            transaction.execute(&format!("DELETE FROM {table} WHERE seq <= $1"), &[&last]).await?;
        }
    }
    let sql = "DELETE FROM minute WHERE minute < (SELECT max(minute) FROM minute) - $1::bigint";
    transaction.execute(sql, &[&i64::from(limits.count_days).saturating_mul(1440)]).await?;
    Ok(transaction.commit().await?)
}
