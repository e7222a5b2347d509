//! The file of a disk store: a table of records by name, in `redb`'s format.
//!
//! `collections.redb`: table `meta` with `format` = 1, table `records` with the name of a record (collection and key) and
//! its text form. A file of another program or version is refused, never overwritten, and so is a damaged one: its pages
//! are checked when it is opened. The disk store reads all of it once and then only writes.
//!
//! After an error of the disk the library refuses to go on with an open file, so it is opened anew for the next write; so is
//! a file that somebody moved or removed, and then everything is written.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::error::OpenError;
use crate::memory::Changes;
use crate::record;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");

/// The version of what stands in the tables.
const FORMAT: u64 = 1;

/// Everything is in our own memory; the file's pages need not be.
const CACHE_BYTES: usize = 4 << 20;

/// See the module.
pub(super) struct RecordFile {
    path: PathBuf,
    open: Option<OpenFile>,
}

struct OpenFile {
    database: Database,
    /// Device and number of the file, to notice that the path names another one.
    identity: (u64, u64),
}

impl RecordFile {
    /// Opens or creates the file.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        Ok(Self { path: path.to_owned(), open: Some(OpenFile::open(path)?) })
    }

    /// Hands out every record.
    pub(super) fn read(&self, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), OpenError> {
        let Some(open) = &self.open else { return Ok(()) };
        let whole = read_all(&open.database, &mut each).map_err(|error| OpenError::of(&self.path, error))?;
        if whole { Ok(()) } else { Err(OpenError::Damaged { path: self.path.clone() }) }
    }

    /// Whether the path still names the file that is open: otherwise a write must hold everything.
    pub(super) fn is_in_place(&self) -> bool {
        let now = identity(&self.path).ok();
        self.open.as_ref().is_none_or(|open| Some(open.identity) == now)
    }

    /// Writes changes in one transaction.
    pub(super) fn write(&mut self, changes: &Changes) -> Result<(), String> {
        if !self.is_in_place() {
            self.open = None;
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => OpenFile::open(&self.path).map_err(|error| error.to_string())?,
        };
        write(&open.database, changes).map_err(|error| reason(&error))?;
        self.open = Some(open);
        Ok(())
    }
}

impl OpenFile {
    fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { path: path.to_owned(), source };
        OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(failed)?;
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
        let database = builder.create(path).map_err(|error| OpenError::of(path, error.into()))?;
        match check_format(&database).map_err(|error| OpenError::of(path, error))? {
            FORMAT => Ok(Self { database, identity: identity(path).map_err(failed)? }),
            found => Err(OpenError::Format { path: path.to_owned(), found }),
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Makes the tables of a new file; the version of the tables.
fn check_format(database: &Database) -> Result<u64, redb::Error> {
    let transaction = database.begin_write()?;
    let found = {
        let mut meta = transaction.open_table(META)?;
        let found = meta.get("format")?.map(|value| value.value());
        if found.is_none() {
            meta.insert("format", FORMAT)?;
        }
        transaction.open_table(RECORDS)?;
        found.unwrap_or(FORMAT)
    };
    transaction.commit()?;
    Ok(found)
}

/// False when a record makes no sense.
fn read_all(database: &Database, each: &mut impl FnMut(&[u8], &[u8])) -> Result<bool, redb::Error> {
    let table = database.begin_read()?.open_table(RECORDS)?;
    for entry in table.iter()? {
        let (name, text) = entry?;
        if record::decode(text.value()).is_none() {
            return Ok(false);
        }
        each(name.value(), text.value());
    }
    Ok(true)
}

fn write(database: &Database, changes: &Changes) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(RECORDS)?;
        if changes.everything {
            table.retain(|_, _| false)?;
        }
        for change in &changes.records {
            match &change.text {
                Some(text) => drop(table.insert(&*change.name, &**text)?),
                None => drop(table.remove(&*change.name)?),
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// What a failure means to people.
fn reason(error: &redb::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
