//! Filters as SQL, and the events they find.
//!
//! `rule:942100 score:>5` → `seq IN (SELECT seq FROM hit WHERE rule = ?) AND score > ?`. Values are parameters, always.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};
use serde::de::DeserializeOwned;

use super::writer::summary_of;
use super::{EventsError, Page};
use crate::event::{EventDetail, EventSummary};
use crate::filter::{Comparison, Filter, Term};

/// A condition and its parameters.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Condition {
    pub(super) fn of(filter: &Filter) -> Self {
        let mut condition = Self::default();
        condition.sql.push_str("micros >= ? AND micros < ?");
        condition.values.push(filter.window.from_micros.into());
        condition.values.push(filter.window.to_micros.into());
        filter.terms.iter().for_each(|term| condition.add(term));
        condition
    }

    fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    fn add(&mut self, term: &Term) {
        match term {
            Term::Rule(rule) => {
                let rule = i64::try_from(*rule).unwrap_or(i64::MAX);
                self.and("seq IN (SELECT seq FROM hit WHERE rule = ?)", [rule.into()]);
            }
            Term::Tag(tag) => {
                self.and("seq IN (SELECT seq FROM tag WHERE tag = ?)", [tag.clone().into()]);
            }
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
            Term::Verdict(verdict) => self.and("verdict = ?", [verdict.number().into()]),
            Term::Anywhere(text) => self.and("instr(lower(text), ?) > 0", [text.to_lowercase().into()]),
        }
    }
}

pub(super) fn read<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

pub(super) fn list(
    connection: &Connection,
    filter: &Filter,
    before: Option<u64>,
    count: usize,
) -> Result<Page<EventSummary>, EventsError> {
    let mut condition = Condition::of(filter);
    if let Some(before) = before {
        condition.and("seq < ?", [i64::try_from(before).unwrap_or(i64::MAX).into()]);
    }
    let sql = format!(
        "SELECT seq, summary FROM event WHERE {} ORDER BY seq DESC LIMIT {}",
        condition.sql,
        count + 1
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(condition.values), |row| {
        summary_of(&row.get::<_, String>(1)?, row.get(0)?)
    })?;
    let mut items = rows.collect::<rusqlite::Result<Vec<EventSummary>>>()?;
    let more = items.len() > count;
    items.truncate(count);
    let next = items.last().filter(|_| more).map(|event| event.seq);
    Ok(Page { items, next })
}

pub(super) fn count(connection: &Connection, filter: &Filter) -> Result<u64, EventsError> {
    let condition = Condition::of(filter);
    let sql = format!("SELECT count(*) FROM event WHERE {}", condition.sql);
    let count: i64 =
        connection.prepare_cached(&sql)?.query_row(params_from_iter(condition.values), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(super) fn count_all(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 = connection.query_row("SELECT count(*) FROM event", [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn detail_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<EventDetail> {
    let mut detail: EventDetail = read(&row.get::<_, String>(1)?)?;
    detail.summary.seq = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
    Ok(detail)
}

pub(super) fn get(connection: &Connection, id: &str) -> Result<Option<EventDetail>, EventsError> {
    let sql = "SELECT seq, detail FROM event WHERE id = ?1 ORDER BY seq DESC LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([id], detail_of).optional()?)
}

pub(super) fn details(
    connection: &Connection,
    filter: &Filter,
    count: usize,
) -> Result<Vec<EventDetail>, EventsError> {
    let condition = Condition::of(filter);
    let sql =
        format!("SELECT seq, detail FROM event WHERE {} ORDER BY seq DESC LIMIT {count}", condition.sql);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(condition.values), detail_of)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
