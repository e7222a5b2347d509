//! Filters as SQL, and the events they find.
//!
//! `rule:942100 score:>5` → `has_any(rules, ?) AND score > ?`, where the parameter has the numbers of all entries of that rule.
//! Values are parameters, always. A question is one transaction: all that it reads is of one moment.

use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};

use super::functions::{packed, unpacked};
use super::write::stored_rules;
use crate::bytes::Bytes;
use crate::counts::Counts;
use crate::event::{EventDetail, EventSummary, Verdict};
use crate::filter::{Comparison, Filter, Term, Window};
use crate::store::catalogue::Entries;
use crate::store::tally::Tally;
use crate::store::{EventsError, Instance, Page, Reading, kept};

/// Columns of a summary, in the order in which [`summary`] reads them.
const SUMMARY: &str =
    "event.seq, id, micros, client, host, method, path, status, verdict, score, message, rules";

/// The half that reads.
#[derive(Debug)]
pub(in crate::store) struct Reader {
    connection: Connection,
    entries: Entries,
    /// The place of the last entry that was read.
    seen: i64,
}

/// A condition and its parameters.
#[derive(Debug)]
struct Condition {
    sql: String,
    values: Vec<Value>,
}

impl Condition {
    fn of(filter: &Filter, entries: &Entries) -> Self {
        let window = [filter.window.from_micros, filter.window.to_micros];
        let mut condition =
            Self { sql: "micros >= ? AND micros < ?".to_owned(), values: window.map(Value::from).to_vec() };
        // What is looked for in another table comes last: the columns at hand may have answered.
        let (far, near): (Vec<&Term>, Vec<&Term>) =
            filter.terms.iter().partition(|term| matches!(term, Term::Anywhere(_)));
        near.into_iter().chain(far).for_each(|term| condition.add(term, entries));
        condition
    }

    fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    fn add(&mut self, term: &Term, entries: &Entries) {
        let wanted = || packed(&entries.numbers(|entry| term.is_of_rule(entry)));
        match term {
            Term::Rule(_) | Term::Tag(_) => self.and("has_any(rules, ?)", [wanted().into()]),
            Term::Text(column, text, false) => self.and(&format!("{column} = ?"), [text.clone().into()]),
            Term::Text(column, text, true) => {
                self.and(
                    &format!("substr({column}, 1, length(?)) = ?"),
                    [text.clone().into(), text.clone().into()],
                );
            }
            Term::Status(from, to) => {
                self.and("status BETWEEN ? AND ?", [i64::from(*from).into(), i64::from(*to).into()]);
            }
            Term::Score(comparison, score) => {
                let sign = match comparison {
                    Comparison::Equal => "=",
                    Comparison::Over => ">",
                    Comparison::AtLeast => ">=",
                    Comparison::Under => "<",
                    Comparison::AtMost => "<=",
                };
                self.and(&format!("score {sign} ?"), [(*score).into()]);
            }
            // Whoever asks has put clients in the place of countries.
            Term::Country(_) => self.and("0", []),
            Term::Clients(clients) => {
                let list = serde_json::to_string(clients).unwrap_or_else(|_| "[]".to_owned());
                self.and("client IN (SELECT value FROM json_each(?))", [list.into()]);
            }
            Term::Verdict(verdict) => self.and("verdict = ?", [verdict.number().into()]),
            Term::Anywhere(text) => self.and(
                "(has_any(rules, ?)
                  OR holds((SELECT content FROM matched WHERE matched.seq = event.seq), ?))",
                [wanted().into(), Value::Blob(text.as_slice().to_vec())],
            ),
        }
    }
}

impl Reader {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, entries: Entries::default(), seen: 0 }
    }

    /// Answers a question within one transaction, with all entries that it can meet.
    fn ask<T>(
        &mut self,
        question: impl FnOnce(&Connection, &Entries) -> rusqlite::Result<T>,
    ) -> Result<T, EventsError> {
        let transaction = self.connection.transaction()?;
        for (place, entry) in stored_rules(&transaction, self.seen)? {
            self.entries.by_number.insert(entry.number, Arc::new(entry));
            self.seen = place;
        }
        Ok(question(&transaction, &self.entries)?)
    }
}

impl Reading for Reader {
    fn list(
        &mut self,
        filter: &Filter,
        before: Option<u64>,
        count: usize,
    ) -> Result<Page<EventSummary>, EventsError> {
        self.ask(|connection, entries| {
            let mut condition = Condition::of(filter, entries);
            if let Some(before) = before {
                condition.and("event.seq < ?", [i64::try_from(before).unwrap_or(i64::MAX).into()]);
            }
            // Not by the index of times: the newest come first, and few of them are wanted.
            let sql = format!(
                "SELECT {SUMMARY} FROM event NOT INDEXED WHERE {} ORDER BY event.seq DESC LIMIT {}",
                condition.sql,
                count + 1
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows =
                statement.query_map(params_from_iter(condition.values), |row| summary(row, entries))?;
            let mut items = rows.collect::<rusqlite::Result<Vec<EventSummary>>>()?;
            let more = items.len() > count;
            items.truncate(count);
            let next = items.last().filter(|_| more).map(|event| event.seq);
            Ok(Page { items, next })
        })
    }

    fn count(&mut self, filter: &Filter) -> Result<u64, EventsError> {
        self.ask(|connection, entries| {
            let condition = Condition::of(filter, entries);
            let sql = format!("SELECT count(*) FROM event WHERE {}", condition.sql);
            connection
                .prepare_cached(&sql)?
                .query_row(params_from_iter(condition.values), |row| Ok(unsigned(row.get(0)?)))
        })
    }

    fn get(&mut self, id: &str) -> Result<Option<EventDetail>, EventsError> {
        self.ask(|connection, entries| {
            let sql = format!(
                "SELECT {SUMMARY}, matched.content, detail.content FROM event JOIN matched USING (seq)
                 JOIN detail USING (seq) WHERE id = ?1 ORDER BY event.seq DESC LIMIT 1"
            );
            connection.prepare_cached(&sql)?.query_row([id], |row| detail(row, entries)).optional()
        })
    }

    fn details(&mut self, filter: &Filter, count: usize) -> Result<Vec<EventDetail>, EventsError> {
        self.ask(|connection, entries| {
            let condition = Condition::of(filter, entries);
            let sql = format!(
                "SELECT {SUMMARY}, matched.content, detail.content
                 FROM (SELECT * FROM event NOT INDEXED WHERE {} ORDER BY seq DESC LIMIT {count}) AS event
                 JOIN matched USING (seq) JOIN detail USING (seq) ORDER BY event.seq DESC",
                condition.sql
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(condition.values), |row| detail(row, entries))?;
            rows.collect()
        })
    }

    fn tally(&mut self, filter: &Filter) -> Result<Tally, EventsError> {
        self.ask(|connection, entries| {
            let condition = Condition::of(filter, entries);
            let sql = format!("SELECT rules, path, client FROM event WHERE {}", condition.sql);
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(condition.values))?;
            let mut tally = Tally::default();
            while let Some(row) = rows.next()? {
                let rules = row.get_ref(0)?.as_blob()?.as_chunks().0.iter();
                tally.add(
                    rules.map(|number| i64::from_le_bytes(*number)),
                    row.get_ref(1)?.as_str()?,
                    row.get_ref(2)?.as_str()?,
                );
            }
            tally.name(entries);
            Ok(tally)
        })
    }

    fn minutes(&mut self, from: i64, to: i64) -> Result<Vec<(i64, Counts)>, EventsError> {
        let sql = format!(
            "SELECT minute, {} FROM minute WHERE minute >= ?1 AND minute <= ?2 ORDER BY minute",
            Counts::NAMES.join(", ")
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![from, to], |row| {
            let counts = Counts::of_values(|index| unsigned(row.get(index + 1).unwrap_or(0)));
            Ok((row.get(0)?, counts))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn instances(&mut self, _window: Window) -> Result<Vec<Instance>, EventsError> {
        // One process writes a file.
        Ok(Vec::new())
    }
}

fn summary(row: &Row<'_>, entries: &Entries) -> rusqlite::Result<EventSummary> {
    let bytes =
        |index| Ok::<_, rusqlite::Error>(Bytes::parse(row.get_ref(index)?.as_str()?).unwrap_or_default());
    let mut summary = EventSummary {
        seq: unsigned(row.get(0)?),
        id: row.get(1)?,
        micros: row.get(2)?,
        client: row.get(3)?,
        host: bytes(4)?,
        method: bytes(5)?,
        path: bytes(6)?,
        status: Some(row.get(7)?).filter(|status| *status > 0),
        verdict: Verdict::numbered(row.get(8)?),
        score: row.get(9)?,
        rules: Vec::new(),
        message: Bytes::default(),
        instance: String::new(),
    };
    let rules = unpacked(row.get_ref(11)?.as_blob()?);
    kept::complete(&mut summary, row.get_ref(10)?.as_str_or_null()?, &rules, entries);
    Ok(summary)
}

fn detail(row: &Row<'_>, entries: &Entries) -> rusqlite::Result<EventDetail> {
    let rules = unpacked(row.get_ref(11)?.as_blob()?);
    let (matched, rest) = (row.get_ref(12)?.as_blob()?, row.get_ref(13)?.as_blob()?);
    kept::detail(summary(row, entries)?, &rules, matched, rest, entries).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(13, rusqlite::types::Type::Blob, Box::new(error))
    })
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
