//! Sums and tops of a stretch of time.
//!
//! An hour → sixty buckets of a minute; a day → buckets of a quarter of an hour: at most [`BUCKETS`] of a round length.

use rusqlite::{Connection, params, params_from_iter};

use super::EventsError;
use super::query::Condition;
use crate::bytes::Bytes;
use crate::counts::Counts;
use crate::event::Verdict;
use crate::filter::{Filter, Term, Window};
use crate::report::{Bucket, Overview, Protection, TOP, Top, TopRule};

const MINUTE_MICROS: i64 = 60_000_000;

/// The most buckets of an overview.
const BUCKETS: i64 = 120;

/// Lengths of a bucket, in minutes.
const LENGTHS: [i64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 10080];

pub(super) fn overview(connection: &Connection, window: Window) -> Result<Overview, EventsError> {
    let minutes = minutes(connection, window)?;
    let mut totals = Counts::default();
    minutes.iter().for_each(|(_, counts)| totals.add(counts));
    let bound = |micros: i64, other: Option<i64>| match micros {
        i64::MIN | i64::MAX => other.unwrap_or(0),
        micros => micros.div_euclid(MINUTE_MICROS),
    };
    let first = bound(window.from_micros, minutes.first().map(|(minute, _)| *minute));
    let last = bound(
        window.to_micros.saturating_sub(1).max(window.from_micros),
        minutes.last().map(|(minute, _)| *minute),
    );
    let last =
        if window.to_micros == i64::MAX { minutes.last().map_or(first, |(minute, _)| *minute) } else { last };
    let span = last.saturating_sub(first).saturating_add(1).max(1);
    let longest = LENGTHS.last().copied().unwrap_or(1);
    let length = LENGTHS.into_iter().find(|length| span / length <= BUCKETS);
    // Beyond years the buckets grow, their number does not.
    let length = length.unwrap_or_else(|| (span / BUCKETS / longest + 1) * longest);
    let start = first.div_euclid(length);
    let count = usize::try_from(last.div_euclid(length) - start + 1).unwrap_or(1);
    let mut buckets: Vec<Bucket> = (start..)
        .take(count)
        .map(|index| Bucket { start_micros: index * length * MINUTE_MICROS, counts: Counts::default() })
        .collect();
    for (minute, counts) in &minutes {
        let index = usize::try_from(minute.div_euclid(length) - start).unwrap_or(usize::MAX);
        if let Some(bucket) = buckets.get_mut(index) {
            bucket.counts.add(counts);
        }
    }
    let filter = Filter::default().within(window);
    Ok(Overview {
        window,
        totals,
        bucket_minutes: u32::try_from(length).unwrap_or(u32::MAX),
        buckets,
        rules: top_rules(connection, &filter)?,
        paths: top(connection, "path", &filter)?,
        clients: top(connection, "client", &filter)?,
    })
}

pub(super) fn protection(connection: &Connection, window: Window) -> Result<Protection, EventsError> {
    let mut totals = Counts::default();
    minutes(connection, window)?.iter().for_each(|(_, counts)| totals.add(counts));
    let mut filter = Filter::default().within(window);
    filter.terms.push(Term::Verdict(Verdict::WouldBeBlocked));
    Ok(Protection {
        window,
        totals,
        stored: super::query::count(connection, &filter)?,
        rules: top_rules(connection, &filter)?,
        paths: top(connection, "path", &filter)?,
        clients: top(connection, "client", &filter)?,
    })
}

pub(super) fn hits(connection: &Connection, window: Window) -> Result<Vec<(u64, u64)>, EventsError> {
    let mut statement = connection.prepare_cached(
        "SELECT rule, count(*) FROM hit JOIN event USING (seq) WHERE micros >= ?1 AND micros < ?2
         GROUP BY rule ORDER BY rule",
    )?;
    let rows = statement.query_map([window.from_micros, window.to_micros], |row| {
        Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn minutes(connection: &Connection, window: Window) -> Result<Vec<(i64, Counts)>, EventsError> {
    let sql = format!(
        "SELECT minute, {} FROM minute WHERE minute >= ?1 AND minute <= ?2 ORDER BY minute",
        Counts::NAMES.join(", ")
    );
    let from = window.from_micros.div_euclid(MINUTE_MICROS);
    let to = window.to_micros.saturating_sub(1).div_euclid(MINUTE_MICROS);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![from, to], |row| {
        let counts = Counts::of_values(|index| unsigned(row.get(index + 1).unwrap_or(0)));
        Ok((row.get(0)?, counts))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn top_rules(connection: &Connection, filter: &Filter) -> Result<Vec<TopRule>, EventsError> {
    let condition = Condition::of(filter);
    let sql = format!(
        "SELECT rule, (SELECT message FROM rule WHERE rule.rule = hit.rule), count(*) AS events
         FROM hit WHERE NOT sums_up AND seq IN (SELECT seq FROM event WHERE {})
         GROUP BY rule ORDER BY events DESC, rule LIMIT {TOP}",
        condition.sql
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(condition.values), |row| {
        let message: Option<String> = row.get(1)?;
        Ok(TopRule {
            rule: unsigned(row.get(0)?),
            message: message.as_deref().and_then(Bytes::parse).unwrap_or_default(),
            events: unsigned(row.get(2)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn top(connection: &Connection, column: &str, filter: &Filter) -> Result<Vec<Top>, EventsError> {
    let condition = Condition::of(filter);
    let sql = format!(
        "SELECT {column}, count(*) AS events FROM event WHERE {}
         GROUP BY {column} ORDER BY events DESC, {column} LIMIT {TOP}",
        condition.sql
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(condition.values), |row| {
        let name: String = row.get(0)?;
        Ok(Top { name: Bytes::parse(&name).unwrap_or_default(), events: unsigned(row.get(1)?) })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
