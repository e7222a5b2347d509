//! A file with the layout of an older version, brought up to date before anything else is done with it.
//!
//! Version 1 held each event as JSON with a row per rule and tag. `events.sqlite` → `events.sqlite.new`, filled in the new
//! layout from the old file, newest limits applied, and renamed over it when it is whole: when that is interrupted the old
//! file is still there. It says on standard error that it does so, because a large file takes some seconds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::schema::{open_new, version};
use crate::counts::Counts;
use crate::event::EventDetail;
use crate::store::catalogue::Catalogue;
use crate::store::kept::Kept;
use crate::store::{Limits, Storage};

/// The version that is brought up to date.
pub(super) const VERSION: i64 = 1;

/// Events of one transaction.
const BATCH: usize = 1000;

/// Whether the file has the older layout. A file that is missing, empty or something else has not.
pub(super) fn is_older(path: &Path) -> Result<bool, String> {
    if !path.exists() {
        return Ok(false);
    }
    // Not read-only, so that a log that an ended process left is taken in.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| error.to_string())?;
    Ok(version(&connection)? == VERSION)
}

/// See the module.
pub(super) fn bring_up_to_date(path: &Path, limits: &Limits) -> Result<(), String> {
    let new = beside(path, ".new");
    for file in [&new, &beside(&new, "-wal"), &beside(&new, "-shm")] {
        let _ = std::fs::remove_file(file);
    }
    let failed = |error: String| format!("it cannot be brought up to date: {error}");
    eprintln!("portcullis: bringing the event store `{}` up to date with this version", path.display());
    let moved = fill(path, &new, limits).map_err(failed)?;
    for file in [beside(path, "-wal"), beside(path, "-shm")] {
        let _ = std::fs::remove_file(file);
    }
    std::fs::rename(&new, path).map_err(|error| failed(error.to_string()))?;
    eprintln!("portcullis: the event store is up to date, with {moved} events");
    Ok(())
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn fill(path: &Path, new: &Path, limits: &Limits) -> Result<u64, String> {
    let text = |error: rusqlite::Error| error.to_string();
    let old = Connection::open(path).map_err(text)?;
    let mut writer = open_new(new, limits)?;
    let mut catalogue = Catalogue::default();
    let mut minutes = minutes(&old).map_err(text)?;
    let mut moved = 0;
    let mut batch = Vec::new();
    {
        let mut statement = old.prepare("SELECT detail FROM event ORDER BY seq").map_err(text)?;
        let mut rows = statement.query([]).map_err(text)?;
        loop {
            let row = rows.next().map_err(text)?;
            let detail = row.map(|row| {
                row.get_ref(0)?.as_str().map(serde_json::from_str::<EventDetail>).map_err(Into::into)
            });
            let at_end = detail.is_none();
            if let Some(detail) = detail {
                // An event that cannot be read could not be shown either.
                let Ok(detail) = detail.map_err(text)? else { continue };
                let entries = catalogue.entries(&detail);
                batch.push(Kept::of(detail, &entries).map_err(|error| error.to_string())?);
            }
            if batch.len() >= BATCH || at_end {
                moved += batch.len() as u64;
                writer.store(&mut batch, &catalogue.fresh, &minutes)?;
                batch.clear();
                minutes.clear();
                catalogue.fresh.clear();
            }
            if at_end {
                break;
            }
        }
    }
    old.close().map_err(|(_, error)| text(error))?;
    drop(writer);
    Ok(moved)
}

fn minutes(old: &Connection) -> rusqlite::Result<BTreeMap<i64, Counts>> {
    let sql = format!("SELECT minute, {} FROM minute", Counts::NAMES.join(", "));
    let mut statement = old.prepare(&sql)?;
    let rows = statement.query_map([], |row| {
        let counts = Counts::of_values(|index| {
            row.get::<_, i64>(index + 1).ok().and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
        });
        Ok((row.get(0)?, counts))
    })?;
    rows.collect()
}
