//! The tables, and how the file is opened.
//!
//! `event` holds what is filtered by, `matched` what words are looked for in, `detail` the rest; `rule` what numbers of rules
//! stand for, `minute` the counters. `user_version` is the version of this layout; the file is never taken for what it is not.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{Reader, Writer, functions, older};
use crate::counts::Counts;
use crate::store::Limits;

/// Version of the layout.
const VERSION: i64 = 2;

/// The size of a page of the file.
const PAGE: u32 = 4096;

/// Pages beyond the limit, for the batch that makes the writer notice it.
const SLACK_PAGES: u64 = 2048;

/// Pages of the log before they are moved to the file.
const LOG_PAGES: i64 = 2000;

const TABLES: &str = "
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL, micros INTEGER NOT NULL,
        client TEXT NOT NULL, host TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
        status INTEGER NOT NULL, verdict INTEGER NOT NULL, score INTEGER NOT NULL,
        rules BLOB NOT NULL, message TEXT
    );
    CREATE INDEX event_id ON event (id);
    CREATE INDEX event_micros ON event (micros);
    CREATE TABLE matched (seq INTEGER PRIMARY KEY, content BLOB NOT NULL);
    CREATE TABLE detail (seq INTEGER PRIMARY KEY, content BLOB NOT NULL);
    CREATE TABLE rule (
        place INTEGER PRIMARY KEY, number INTEGER NOT NULL UNIQUE, message BLOB NOT NULL, described BLOB NOT NULL
    );
";

/// Opens the file to write it; brings an older layout up to date.
pub(in crate::store) fn open(path: &Path, limits: &Limits) -> Result<Writer, String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    if older::is_older(path)? {
        older::bring_up_to_date(path, limits)?;
    }
    open_new(path, limits)
}

/// Opens a file of this layout, or one that is empty or missing.
pub(super) fn open_new(path: &Path, limits: &Limits) -> Result<Writer, String> {
    let text = |error: rusqlite::Error| error.to_string();
    private(path).map_err(|error| error.to_string())?;
    let connection = Connection::open(path).map_err(text)?;
    connection.busy_timeout(Duration::from_secs(2)).map_err(text)?;
    let version = version(&connection)?;
    if !matches!(version, 0 | VERSION) {
        return Err(format!("its layout has version {version}, this program knows {VERSION}"));
    }
    if version == 0 {
        connection.pragma_update(None, "page_size", PAGE).map_err(text)?;
    }
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "NORMAL"), ("secure_delete", "FAST")] {
        connection.pragma_update(None, name, value).map_err(text)?;
    }
    connection.pragma_update(None, "journal_size_limit", 4 << 20).map_err(text)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).map_err(text)?;
    let pages = (limits.bytes / u64::from(PAGE)).max(64) + SLACK_PAGES;
    connection
        .pragma_update(None, "max_page_count", i64::try_from(pages).unwrap_or(i64::MAX))
        .map_err(text)?;
    if version == 0 {
        let columns: String =
            Counts::NAMES.iter().map(|name| format!(", {name} INTEGER NOT NULL DEFAULT 0")).collect();
        connection
            .execute_batch(&format!(
                "BEGIN;{TABLES} CREATE TABLE minute (minute INTEGER PRIMARY KEY{columns});
                 PRAGMA user_version = {VERSION}; COMMIT;"
            ))
            .map_err(text)?;
    }
    Writer::new(connection, *limits).map_err(text)
}

/// Makes a missing file that only we may read: it holds what clients sent. SQLite gives its logs the same mode.
fn private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

/// Opens a file that is there to read it.
pub(in crate::store) fn open_to_read(path: &Path) -> Result<Reader, String> {
    let text = |error: rusqlite::Error| error.to_string();
    // Not SQLITE_OPEN_READ_ONLY: readers of a write-ahead log share its index, which the first of them makes.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(text)?;
    connection.busy_timeout(Duration::from_secs(2)).map_err(text)?;
    connection.pragma_update(None, "query_only", true).map_err(text)?;
    connection.pragma_update(None, "cache_size", -8 << 10).map_err(text)?;
    functions::add(&connection).map_err(text)?;
    match version(&connection)? {
        VERSION => Ok(Reader::new(connection)),
        older::VERSION => {
            Err("it has the layout of an older version; `run` brings it up to date when it starts".to_owned())
        }
        _ => Err("it is no event store".to_owned()),
    }
}

pub(super) fn version(connection: &Connection) -> Result<i64, String> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(|error| error.to_string())
}

/// Bytes of the file that hold something.
pub(super) fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let read = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = read("page_count")? - read("freelist_count")?;
    Ok(u64::try_from(pages).unwrap_or(0) * u64::try_from(read("page_size")?).unwrap_or(0))
}
