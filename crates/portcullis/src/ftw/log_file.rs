//! The firewall's error log, read as it grows.
//!
//! `until("…uuid-end")` returns the lines written since the last call up to the line that holds that marker, which
//! itself is left out. The runner frames every stage with two markers (see [`super::wire`]), so the lines between
//! them belong to the stage. Lines of any length are kept; a log that shrinks was rotated away and is an error.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A log being followed.
pub struct LogFile {
    file: File,
    path: PathBuf,
    position: u64,
    pending: Vec<u8>,
}

impl LogFile {
    /// Follows a log from its present end.
    pub fn open(path: &Path) -> Result<LogFile> {
        let mut file = File::open(path).with_context(|| format!("cannot open the log {}", path.display()))?;
        let position = file.seek(SeekFrom::End(0))?;
        Ok(LogFile { file, path: path.to_owned(), position, pending: Vec::new() })
    }

    /// The complete lines up to the one that holds `marker`; `None` when it has not come after `patience`. Lines
    /// read so far stay for the next call.
    pub fn until(&mut self, marker: &str, patience: Duration) -> Result<Option<Vec<Vec<u8>>>> {
        let started = Instant::now();
        let mut searched = 0;
        loop {
            self.read_more()?;
            if let Some(end) = self.marker_line(marker.as_bytes(), &mut searched) {
                let taken: Vec<u8> = self.pending.drain(..end).collect();
                let mut lines: Vec<Vec<u8>> = taken.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
                lines.retain(|line| !line.is_empty() && !contains(line, marker.as_bytes()));
                return Ok(Some(lines));
            }
            if started.elapsed() > patience {
                return Ok(None);
            }
            // The marker's request has been answered, so its line is written or about to be.
            std::thread::sleep(Duration::from_micros(300));
        }
    }

    fn read_more(&mut self) -> Result<()> {
        let length = self.file.metadata()?.len();
        if length < self.position {
            bail!("the log {} became shorter: it must not be rotated during a run", self.path.display());
        }
        self.position += self.file.read_to_end(&mut self.pending)? as u64;
        Ok(())
    }

    /// The end of the line that holds the marker, once that line is complete.
    fn marker_line(&self, marker: &[u8], searched: &mut usize) -> Option<usize> {
        let from = searched.saturating_sub(marker.len());
        let found = find(self.pending.get(from..)?, marker);
        let Some(at) = found else {
            *searched = self.pending.len();
            return None;
        };
        let line = from + at;
        self.pending.get(line..)?.iter().position(|b| *b == b'\n').map(|end| line + end + 1)
    }
}

/// The ids of the rules that wrote these lines, each once, in order: `[id "942100"]`, or `"id": 942100` in JSON.
pub fn rule_ids(lines: &[Vec<u8>]) -> Vec<u64> {
    let mut ids = Vec::new();
    for line in lines {
        for (lead, quoted) in [(&b"[id \""[..], true), (&b"\"id\":"[..], false)] {
            let mut rest = line.as_slice();
            while let Some(at) = find(rest, lead) {
                rest = rest.get(at + lead.len()..).unwrap_or_default();
                let digits = match quoted {
                    true => rest,
                    false => rest.trim_ascii_start().strip_prefix(b"\"").unwrap_or(rest.trim_ascii_start()),
                };
                let number: String =
                    digits.iter().take_while(|b| b.is_ascii_digit()).map(|b| *b as char).collect();
                match number.parse() {
                    Ok(id) if !ids.contains(&id) => ids.push(id),
                    _ => {}
                }
            }
        }
    }
    ids
}

/// Whether a line holds a piece of text.
pub fn contains(line: &[u8], piece: &[u8]) -> bool {
    find(line, piece).is_some()
}

fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, piece)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn lines_between_markers_and_half_written_lines() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "before").unwrap();
        let mut log = LogFile::open(file.path()).unwrap();
        write!(file, "x m1 y\n[id \"7\"] a\n[id \"9\"] b\nz m2").unwrap();
        assert_eq!(log.until("m1", Duration::ZERO).unwrap(), Some(vec![]));
        assert_eq!(log.until("m2", Duration::ZERO).unwrap(), None);
        writeln!(file).unwrap();
        let lines = log.until("m2", Duration::ZERO).unwrap().unwrap();
        assert_eq!(rule_ids(&lines), [7, 9]);
    }

    #[test]
    fn ids_of_both_formats() {
        let lines = [b"[id \"1\"] x {\"id\": 2, \"id\":\"3\"} [id \"1\"]".to_vec()];
        assert_eq!(rule_ids(&lines), [1, 2, 3]);
    }

    #[test]
    fn a_log_that_shrinks_is_an_error() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "before").unwrap();
        let mut log = LogFile::open(file.path()).unwrap();
        file.as_file().set_len(0).unwrap();
        assert!(log.until("m", Duration::ZERO).is_err());
    }
}
