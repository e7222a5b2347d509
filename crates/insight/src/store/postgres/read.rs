//! Filters as SQL for PostgreSQL, and the events they find.
//!
//! The same questions as in the file's reader, with the operators of arrays in place of its functions. A question is one
//! transaction: all that it reads is of one moment.

use std::sync::Arc;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, IsolationLevel, Row, Transaction};

use super::link::{Failure, Link};
use crate::bytes::Bytes;
use crate::counts::Counts;
use crate::event::{EventDetail, EventSummary, Verdict};
use crate::filter::{Comparison, Filter, Term, Window};
use crate::store::catalogue::{Entries, Entry};
use crate::store::tally::Tally;
use crate::store::{EventsError, Instance, MINUTE_MICROS, Page, Reading, kept};

/// Columns of a summary, in the order in which [`summary`] reads them.
const SUMMARY: &str = "event.seq, id, micros, client, host, method, path, status, verdict, score, event.message, \
                       event.rules, instance.name";

const FROM: &str = "event JOIN instance ON instance.number = event.instance";

type Value = Box<dyn ToSql + Sync + Send>;

/// The half that reads.
#[derive(Debug)]
pub(in crate::store) struct Reader {
    link: Link,
    entries: Entries,
}

/// A condition and its parameters.
#[derive(Default)]
struct Condition {
    sql: String,
    values: Vec<Value>,
}

impl Condition {
    fn of(filter: &Filter, entries: &Entries) -> Self {
        let mut condition = Self::default();
        let (from, to) =
            (condition.value(filter.window.from_micros), condition.value(filter.window.to_micros));
        condition.sql = format!("micros >= {from} AND micros < {to}");
        let (far, near): (Vec<&Term>, Vec<&Term>) =
            filter.terms.iter().partition(|term| matches!(term, Term::Anywhere(_)));
        for term in near.into_iter().chain(far) {
            let sql = condition.term(term, entries);
            condition.sql.push_str(" AND ");
            condition.sql.push_str(&sql);
        }
        condition
    }

    /// A parameter, as it is written.
    fn value(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    fn term(&mut self, term: &Term, entries: &Entries) -> String {
        match term {
            Term::Rule(_) | Term::Tag(_) => {
                let wanted = self.value(entries.numbers(|entry| term.is_of_rule(entry)));
                format!("event.rules && {wanted}")
            }
            Term::Text(column, text, begins) => {
                // A text of theirs has no such byte, and none of ours may.
                let text = self.value(text.replace('\0', "\\x00"));
                match begins {
                    false => format!("{column} = {text}"),
                    true => format!("starts_with({column}, {text})"),
                }
            }
            Term::Status(from, to) => {
                let (from, to) = (self.value(i32::from(*from)), self.value(i32::from(*to)));
                format!("status BETWEEN {from} AND {to}")
            }
            Term::Score(comparison, score) => {
                let sign = match comparison {
                    Comparison::Equal => "=",
                    Comparison::Over => ">",
                    Comparison::AtLeast => ">=",
                    Comparison::Under => "<",
                    Comparison::AtMost => "<=",
                };
                format!("score {sign} {}", self.value(*score))
            }
            // Whoever asks has put clients in the place of countries.
            Term::Country(_) => "false".to_owned(),
            Term::Clients(clients) => format!("client = ANY({})", self.value(clients.clone())),
            Term::Verdict(verdict) => {
                format!("verdict = {}", self.value(i32::try_from(verdict.number()).unwrap_or(-1)))
            }
            Term::Anywhere(text) => {
                let wanted = self.value(entries.numbers(|entry| term.is_of_rule(entry)));
                let text = self.value(text.as_slice().to_ascii_lowercase());
                // Through text and back: PostgreSQL folds the case of texts only.
                format!(
                    "(event.rules && {wanted} OR EXISTS (SELECT 1 FROM content WHERE content.seq = event.seq
                      AND position({text} IN decode(lower(encode(matched, 'escape') COLLATE \"C\"), 'escape')) > 0))"
                )
            }
        }
    }

    fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()
    }
}

impl Reader {
    /// Connects when something is asked.
    pub(in crate::store) fn new(config: Config) -> std::io::Result<Self> {
        Ok(Self { link: Link::new(config)?, entries: Entries::default() })
    }

    /// Answers a question within one transaction, with all entries that it can meet.
    fn ask<T>(
        &mut self,
        question: impl AsyncFnOnce(&Transaction<'_>, &Entries) -> Result<T, Failure>,
    ) -> Result<T, EventsError> {
        let Self { link, entries } = self;
        let answer = link.run(async |client: &mut Client| {
            let moment = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
            let transaction = moment.read_only(true).start().await?;
            read_entries(&transaction, entries).await?;
            question(&transaction, entries).await
        });
        answer.map_err(|failure| EventsError::Read(failure.text))
    }
}

/// Reads the entries anew when there are others: they are few, and no number ever means something else.
async fn read_entries(transaction: &Transaction<'_>, entries: &mut Entries) -> Result<(), Failure> {
    let count: i64 = transaction.query_one("SELECT count(*) FROM rule", &[]).await?.get(0);
    if usize::try_from(count).is_ok_and(|count| count == entries.by_number.len()) {
        return Ok(());
    }
    entries.by_number.clear();
    for row in transaction.query("SELECT number, message, described FROM rule", &[]).await? {
        let entry = Entry {
            number: row.get(0),
            message: Bytes::from(row.get::<_, &[u8]>(1)),
            described: postcard::from_bytes(row.get(2))?,
        };
        entries.by_number.insert(entry.number, Arc::new(entry));
    }
    Ok(())
}

impl Reading for Reader {
    fn list(
        &mut self,
        filter: &Filter,
        before: Option<u64>,
        count: usize,
    ) -> Result<Page<EventSummary>, EventsError> {
        self.ask(async |transaction, entries| {
            let mut condition = Condition::of(filter, entries);
            let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
            let before = condition.value(before);
            let sql = format!(
                "SELECT {SUMMARY} FROM {FROM} WHERE {} AND event.seq < {before} ORDER BY event.seq DESC LIMIT {}",
                condition.sql,
                count + 1
            );
            let rows = transaction.query(&sql, &condition.values()).await?;
            let mut items: Vec<EventSummary> = rows.iter().map(|row| summary(row, entries)).collect();
            let more = items.len() > count;
            items.truncate(count);
            let next = items.last().filter(|_| more).map(|event| event.seq);
            Ok(Page { items, next })
        })
    }

    fn count(&mut self, filter: &Filter) -> Result<u64, EventsError> {
        self.ask(async |transaction, entries| {
            let condition = Condition::of(filter, entries);
            let sql = format!("SELECT count(*) FROM event WHERE {}", condition.sql);
            Ok(unsigned(transaction.query_one(&sql, &condition.values()).await?.get(0)))
        })
    }

    fn get(&mut self, id: &str) -> Result<Option<EventDetail>, EventsError> {
        self.ask(async |transaction, entries| {
            let sql = format!(
                "SELECT {SUMMARY}, matched, rest FROM {FROM} JOIN content USING (seq)
                 WHERE id = $1 ORDER BY event.seq DESC LIMIT 1"
            );
            let id = id.replace('\0', "");
            let row = transaction.query_opt(&sql, &[&id]).await?;
            row.map(|row| detail(&row, entries)).transpose()
        })
    }

    fn details(&mut self, filter: &Filter, count: usize) -> Result<Vec<EventDetail>, EventsError> {
        self.ask(async |transaction, entries| {
            let condition = Condition::of(filter, entries);
            let sql = format!(
                "SELECT {SUMMARY}, matched, rest FROM {FROM} JOIN content USING (seq) WHERE {}
                 ORDER BY event.seq DESC LIMIT {count}",
                condition.sql
            );
            let rows = transaction.query(&sql, &condition.values()).await?;
            rows.iter().map(|row| detail(row, entries)).collect()
        })
    }

    fn tally(&mut self, filter: &Filter) -> Result<Tally, EventsError> {
        self.ask(async |transaction, entries| {
            let condition = Condition::of(filter, entries);
            let sql = format!("SELECT event.rules, path, client FROM event WHERE {}", condition.sql);
            let mut tally = Tally::default();
            for row in transaction.query(&sql, &condition.values()).await? {
                let rules: Vec<i64> = row.get(0);
                tally.add(rules.into_iter(), row.get(1), row.get(2));
            }
            tally.name(entries);
            Ok(tally)
        })
    }

    fn minutes(&mut self, from: i64, to: i64) -> Result<Vec<(i64, Counts)>, EventsError> {
        self.ask(async |transaction, _| {
            let sql = format!(
                "SELECT minute, {} FROM minute WHERE minute BETWEEN $1 AND $2 GROUP BY minute ORDER BY minute",
                sums()
            );
            let rows = transaction.query(&sql, &[&from, &to]).await?;
            Ok(rows.iter().map(|row| (row.get(0), counts(row, 1))).collect())
        })
    }

    fn instances(&mut self, window: Window) -> Result<Vec<Instance>, EventsError> {
        let from = window.from_micros.div_euclid(MINUTE_MICROS);
        let to = window.to_micros.saturating_sub(1).div_euclid(MINUTE_MICROS);
        self.ask(async |transaction, _| {
            let sql = format!(
                "SELECT name, version, rules, commit_id, mode, started, seen, lost,
                   (extract(epoch FROM now()) * 1000000)::bigint - seen, {}
                 FROM instance LEFT JOIN minute ON instance = number AND minute BETWEEN $1 AND $2
                 GROUP BY number ORDER BY name",
                sums()
            );
            let rows = transaction.query(&sql, &[&from, &to]).await?;
            let instance = |row: &Row| Instance {
                name: row.get(0),
                version: row.get(1),
                rules: row.get(2),
                commit: row.get(3),
                mode: row.get(4),
                started_micros: row.get(5),
                seen_micros: row.get(6),
                lost: unsigned(row.get(7)),
                silent_micros: unsigned(row.get(8)),
                counts: counts(row, 9),
            };
            Ok(rows.iter().map(instance).collect())
        })
    }
}

/// The sums of all counters, in their order.
fn sums() -> String {
    let sums = Counts::NAMES.iter().map(|name| format!("coalesce(sum({name}), 0)::bigint"));
    sums.collect::<Vec<_>>().join(", ")
}

fn counts(row: &Row, from: usize) -> Counts {
    Counts::of_values(|index| unsigned(row.get(from + index)))
}

fn summary(row: &Row, entries: &Entries) -> EventSummary {
    let bytes = |index| Bytes::parse(row.get(index)).unwrap_or_default();
    let mut summary = EventSummary {
        seq: unsigned(row.get(0)),
        id: row.get(1),
        micros: row.get(2),
        client: row.get(3),
        host: bytes(4),
        method: bytes(5),
        path: bytes(6),
        status: u16::try_from(row.get::<_, i32>(7)).ok().filter(|status| *status > 0),
        verdict: Verdict::numbered(i64::from(row.get::<_, i32>(8))),
        score: row.get(9),
        rules: Vec::new(),
        message: Bytes::default(),
        instance: row.get(12),
    };
    let rules: Vec<i64> = row.get(11);
    kept::complete(&mut summary, row.get(10), &rules, entries);
    summary
}

fn detail(row: &Row, entries: &Entries) -> Result<EventDetail, Failure> {
    let rules: Vec<i64> = row.get(11);
    Ok(kept::detail(summary(row, entries), &rules, row.get(13), row.get(14), entries)?)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
