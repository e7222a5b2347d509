//! The tables, made by whoever comes first.
//!
//! `layout.version` is the version of this layout. Another is refused: several instances would have to agree on a change.

use tokio_postgres::Client;

use super::link::Failure;
use crate::counts::Counts;

/// Version of the layout.
const VERSION: i32 = 1;

/// A lock of ours in the database: one instance makes the tables.
const LOCK: i64 = 0x706f_7274_6375_6c6c;

const TABLES: &str = "
    CREATE TABLE instance (
        number INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        version TEXT NOT NULL, rules TEXT NOT NULL, commit_id TEXT, mode TEXT NOT NULL,
        started BIGINT NOT NULL, seen BIGINT NOT NULL, lost BIGINT NOT NULL
    );
    CREATE SEQUENCE event_seq;
    CREATE TABLE event (
        seq BIGINT PRIMARY KEY, instance INTEGER NOT NULL, id TEXT NOT NULL, micros BIGINT NOT NULL,
        client TEXT NOT NULL, host TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
        status INTEGER NOT NULL, verdict INTEGER NOT NULL, score BIGINT NOT NULL,
        rules BIGINT[] NOT NULL, message TEXT, bytes INTEGER NOT NULL
    );
    CREATE INDEX event_id ON event (id);
    CREATE INDEX event_micros ON event (micros);
    CREATE TABLE content (seq BIGINT PRIMARY KEY, matched BYTEA NOT NULL, rest BYTEA NOT NULL);
    CREATE TABLE rule (number BIGINT PRIMARY KEY, message BYTEA NOT NULL, described BYTEA NOT NULL);
";

/// Prepares a new connection.
pub(super) async fn prepare(client: &mut Client) -> Result<(), Failure> {
    client.batch_execute("SET statement_timeout = '5s'; SET search_path = portcullis").await?;
    let wrong = |version: i32| Failure {
        text: format!("its layout has version {version}, this program knows {VERSION}"),
        is_passing: false,
    };
    match version(client).await? {
        Some(VERSION) => return Ok(()),
        Some(other) => return Err(wrong(other)),
        None => {}
    }
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    if transaction.query_one("SELECT to_regclass('portcullis.layout') IS NULL", &[]).await?.get(0) {
        let columns: String =
            Counts::NAMES.iter().map(|name| format!(", {name} BIGINT NOT NULL DEFAULT 0")).collect();
        transaction
            .batch_execute(&format!(
                "CREATE SCHEMA IF NOT EXISTS portcullis; {TABLES}
                 CREATE TABLE minute (minute BIGINT, instance INTEGER{columns}, PRIMARY KEY (minute, instance));
                 CREATE TABLE layout (version INTEGER NOT NULL); INSERT INTO layout VALUES ({VERSION});"
            ))
            .await?;
    }
    Ok(transaction.commit().await?)
}

async fn version(client: &Client) -> Result<Option<i32>, Failure> {
    let exists = client.query_one("SELECT to_regclass('portcullis.layout') IS NOT NULL", &[]).await?;
    if !exists.get::<_, bool>(0) {
        return Ok(None);
    }
    Ok(client.query_opt("SELECT version FROM layout", &[]).await?.map(|row| row.get(0)))
}
