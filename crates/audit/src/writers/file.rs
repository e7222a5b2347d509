//! A log file: opened for appending, one `write(2)` per entry, opened anew after rotation.
//!
//! `FileWriter::open("/var/log/audit.log", …)`, `write(b"entry\n")` → the file grows by one entry. Queue and direct log
//! drive it; the concurrent writer uses it for its index. A file that was moved or removed is noticed by comparing its
//! identity with the path's, at most once per [`FileOptions::check_every`]; until then, and as long as the path cannot be
//! opened anew, entries go to the moved file, which is what `logrotate` without a signal expects. A file that was removed
//! holds no entries: they are lost until the path can be opened. After a short write (full disk) the next entry starts
//! with a newline, so that a fragment never swallows its successor. (manual: "Log rotation")

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Writer;

/// How a log file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileOptions {
    /// Permissions of a new file, before the umask.
    pub mode: u32,
    /// How often the path is compared with the open file.
    pub check_every: Duration,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { mode: 0o640, check_every: Duration::from_secs(1) }
    }
}

/// See the module.
#[derive(Debug)]
pub struct FileWriter {
    path: PathBuf,
    options: FileOptions,
    file: File,
    checked: Instant,
    fragment: bool,
}

impl FileWriter {
    /// Opens or creates a file. Errors are those of the file system.
    pub fn open(path: impl Into<PathBuf>, options: FileOptions) -> io::Result<Self> {
        let path = path.into();
        let file = open(&path, options.mode)?;
        Ok(Self { path, options, file, checked: Instant::now(), fragment: false })
    }

    fn follow_rotation(&mut self) -> io::Result<()> {
        if self.checked.elapsed() < self.options.check_every {
            return Ok(());
        }
        let open = self.file.metadata()?;
        let same =
            std::fs::metadata(&self.path).is_ok_and(|now| (now.dev(), now.ino()) == (open.dev(), open.ino()));
        if !same
            && let Err(error) = self.reopen_file()
            && open.nlink() == 0
        {
            // What is written to a moved file is not lost, what is written to a removed one is. The next entry looks again.
            return Err(error);
        }
        self.checked = Instant::now();
        Ok(())
    }

    fn reopen_file(&mut self) -> io::Result<()> {
        self.file = open(&self.path, self.options.mode)?;
        self.checked = Instant::now();
        self.fragment = false;
        Ok(())
    }
}

impl Writer<Vec<u8>> for FileWriter {
    fn write(&mut self, entry: &Vec<u8>) -> io::Result<()> {
        self.follow_rotation()?;
        let result = if self.fragment {
            write_once(&mut self.file, &[b"\n", entry.as_slice()].concat())
        } else {
            write_once(&mut self.file, entry)
        };
        match &result {
            Ok(()) => self.fragment = false,
            Err(error) => self.fragment |= error.kind() == io::ErrorKind::WriteZero,
        }
        result
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.reopen_file()
    }
}

fn open(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(mode).open(path)
}

/// One `write(2)`, repeated only when a signal came first. A short write is an error of kind `WriteZero`: writing the
/// rest apart could put another process's entry between the halves.
pub(super) fn write_once(destination: &mut impl io::Write, entry: &[u8]) -> io::Result<()> {
    loop {
        match destination.write(entry) {
            Ok(written) if written == entry.len() => return Ok(()),
            Ok(written) => {
                let text = format!("only {written} of {} bytes could be written", entry.len());
                return Err(io::Error::new(io::ErrorKind::WriteZero, text));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
