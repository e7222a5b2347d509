//! `SecAuditLogType Concurrent`: stores each entry as a file of its own, then writes its line to the index.
//!
//! `path: "www-data/20261124/…-awXW…"` under `/var/log/audit` → the directories as needed, the file, one line in
//! `SecAuditLog` and in `SecAuditLog2`. The format decides path and line; this writer only stores. An entry whose file
//! cannot be written has no line: the index never names a file that is not whole. An existing file is never touched.
//! (manual: "Audit log, Concurrent")

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::Writer;
use crate::formats::concurrent::ConcurrentEntry;

/// Where and how entries are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// `SecAuditLogStorageDir`, or the directory of `SecAuditLog`. It must exist.
    pub directory: PathBuf,
    /// `SecAuditLogDirMode`; `None` is 0750, less what the umask forbids.
    pub directory_mode: Option<u32>,
    /// `SecAuditLogFileMode`; `None` is 0640, less what the umask forbids.
    pub file_mode: Option<u32>,
}

impl Storage {
    /// Mode of directories, before the umask.
    pub const DIRECTORY_MODE: u32 = 0o750;
    /// Mode of files, before the umask.
    pub const FILE_MODE: u32 = 0o640;

    fn create_parents(&self, relative: &str) -> io::Result<()> {
        let mut directory = self.directory.clone();
        for part in Path::new(relative).parent().into_iter().flat_map(Path::components) {
            directory.push(part);
            self.create_directory(&directory)?;
        }
        Ok(())
    }

    pub(crate) fn create_directory(&self, directory: &Path) -> io::Result<()> {
        let mode = self.directory_mode.unwrap_or(Self::DIRECTORY_MODE);
        match DirBuilder::new().mode(mode).create(directory) {
            Ok(()) if self.directory_mode.is_some() => {
                fs::set_permissions(directory, Permissions::from_mode(mode))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            result => result,
        }
    }
}

/// See the module.
pub struct ConcurrentWriter {
    storage: Storage,
    indexes: Vec<Box<dyn Writer<Vec<u8>>>>,
}

impl ConcurrentWriter {
    /// A writer with the indexes that get each line.
    pub fn new(storage: Storage, indexes: Vec<Box<dyn Writer<Vec<u8>>>>) -> Self {
        Self { storage, indexes }
    }

    fn store(&self, entry: &ConcurrentEntry) -> io::Result<()> {
        let path = self.storage.directory.join(&entry.path);
        self.storage.create_parents(&entry.path)?;
        let mode = self.storage.file_mode.unwrap_or(Storage::FILE_MODE);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        if self.storage.file_mode.is_some() {
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        file.write_all(&entry.content).inspect_err(|_| {
            // Half an entry helps nobody; when it cannot be removed either, the missing index line still says so.
            let _ = fs::remove_file(&path);
        })
    }
}

impl Writer<ConcurrentEntry> for ConcurrentWriter {
    fn write(&mut self, entry: &ConcurrentEntry) -> io::Result<()> {
        self.store(entry)?;
        // Each index gets its line even when another is full; the first error is the one reported.
        let results: Vec<_> = self.indexes.iter_mut().map(|index| index.write(&entry.index)).collect();
        results.into_iter().collect()
    }

    fn reopen(&mut self) -> io::Result<()> {
        let results: Vec<_> = self.indexes.iter_mut().map(|index| index.reopen()).collect();
        results.into_iter().collect()
    }
}
