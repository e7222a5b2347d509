//! A log file: opened for appending, one `write(2)` per entry or for all that wait, opened anew after rotation.
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
    gathered: Vec<u8>,
}

impl FileWriter {
    /// Opens or creates a file. Errors are those of the file system.
    pub fn open(path: impl Into<PathBuf>, options: FileOptions) -> io::Result<Self> {
        let path = path.into();
        let file = open(&path, options.mode)?;
        Ok(Self { path, options, file, checked: Instant::now(), fragment: false, gathered: Vec::new() })
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

    fn gathers(&self) -> bool {
        true
    }

    fn write_some(&mut self, entries: &[Vec<u8>]) -> (usize, io::Result<()>) {
        let [entry] = entries else { return self.write_together(entries) };
        let result = self.write(entry);
        (usize::from(result.is_ok()), result)
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.reopen_file()
    }
}

impl FileWriter {
    fn write_together(&mut self, entries: &[Vec<u8>]) -> (usize, io::Result<()>) {
        if let Err(error) = self.follow_rotation() {
            return (0, Err(error));
        }
        self.gathered.clear();
        self.gathered.extend(self.fragment.then_some(b'\n'));
        let mark = self.gathered.len();
        entries.iter().for_each(|entry| self.gathered.extend_from_slice(entry));
        let written = match write_interrupted(&mut self.file, &self.gathered) {
            Ok(0) => return (0, Err(short(0, self.gathered.len()))),
            Ok(written) => written,
            Err(error) => return (0, Err(error)),
        };
        let (whole, is_cut) = whole_entries(entries, written.saturating_sub(mark));
        self.fragment = is_cut;
        (whole, if is_cut { Err(short(written, self.gathered.len())) } else { Ok(()) })
    }
}

/// How many of the first entries stand in so many bytes of them in a row, and whether a part of the next does.
fn whole_entries(entries: &[Vec<u8>], bytes: usize) -> (usize, bool) {
    let (mut whole, mut end) = (0, 0);
    for entry in entries {
        if end + entry.len() > bytes {
            break;
        }
        end += entry.len();
        whole += 1;
    }
    (whole, end < bytes)
}

fn open(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(mode).open(path)
}

/// One `write(2)`, repeated only when a signal came first. A short write is an error of kind `WriteZero`: writing the
/// rest apart could put another process's entry between the halves.
pub(super) fn write_once(destination: &mut impl io::Write, entry: &[u8]) -> io::Result<()> {
    match write_interrupted(destination, entry)? {
        written if written == entry.len() => Ok(()),
        written => Err(short(written, entry.len())),
    }
}

fn write_interrupted(destination: &mut impl io::Write, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match destination.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn short(written: usize, of: usize) -> io::Error {
    let text = format!("only {written} of {of} bytes could be written");
    io::Error::new(io::ErrorKind::WriteZero, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_a_short_write_took_whole_are_told_from_the_one_it_cut() {
        let entries = [b"one\n".to_vec(), b"two\n".to_vec(), b"three\n".to_vec()];
        for (bytes, told) in
            [(0, (0, false)), (2, (0, true)), (4, (1, false)), (9, (2, true)), (14, (3, false))]
        {
            assert_eq!(whole_entries(&entries, bytes), told, "{bytes}");
        }
    }

    #[test]
    fn entries_are_written_together_behind_the_end_of_a_fragment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut writer = FileWriter::open(&path, FileOptions::default()).unwrap();
        writer.fragment = true;
        let (written, result) = writer.write_some(&[b"one\n".to_vec(), b"two\n".to_vec()]);
        assert!(result.is_ok() && written == 2 && !writer.fragment);
        assert_eq!(std::fs::read(&path).unwrap(), b"\none\ntwo\n");
    }
}
