//! Keeps a request body until the verdict: in memory up to a limit, beyond it in an unlinked temporary file.
//!
//! Bytes are appended in pieces and read back any number of times, so that a request can be sent again. The file has
//! no name from the start; it disappears with the spool, whatever ends the process.
//!
//! Writing and reading the file blocks the worker, as it does in nginx: it goes to the page cache, and handing each
//! piece to another thread would cost more than it saves.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// How much is read from the file at once.
const BLOCK: usize = 64 * 1024;

/// A body, or the beginning of one.
#[derive(Debug, Default)]
pub(crate) struct Spool {
    memory: Vec<u8>,
    file: Option<File>,
    length: u64,
}

impl Spool {
    /// Appends a piece. More than `in_memory` bytes go to a file in `directory`.
    ///
    /// # Errors
    /// When the file cannot be made or written: no directory, no space.
    pub(crate) fn append(&mut self, piece: &[u8], in_memory: u64, directory: &Path) -> io::Result<()> {
        self.length += piece.len() as u64;
        if let Some(file) = &mut self.file {
            return file.write_all(piece);
        }
        if self.length <= in_memory {
            self.memory.extend_from_slice(piece);
            return Ok(());
        }
        let mut file = tempfile::tempfile_in(directory)?;
        file.write_all(&self.memory)?;
        file.write_all(piece)?;
        self.file = Some(file);
        self.memory = Vec::new();
        Ok(())
    }

    /// Bytes appended.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The piece that begins at `offset`, empty at the end. `block` is where bytes of the file are put.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read_at<'s>(&'s self, offset: u64, block: &'s mut Vec<u8>) -> io::Result<&'s [u8]> {
        let Some(file) = &self.file else {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            return Ok(self.memory.get(start..).unwrap_or_default());
        };
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        block.resize(left.min(BLOCK), 0);
        file.read_exact_at(block, offset)?;
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spool: &Spool) -> Vec<u8> {
        let (mut all, mut block) = (Vec::new(), Vec::new());
        loop {
            let piece = spool.read_at(all.len() as u64, &mut block).unwrap().to_vec();
            if piece.is_empty() {
                return all;
            }
            all.extend_from_slice(&piece);
        }
    }

    #[test]
    fn what_is_appended_is_read_back_from_memory_and_from_the_file() {
        let directory = tempfile::tempdir().unwrap();
        for (in_memory, file) in [(300_000, false), (299_999, true), (0, true)] {
            let mut spool = Spool::default();
            for number in 0..3u8 {
                spool.append(&vec![number; 100_000], in_memory, directory.path()).unwrap();
            }
            assert_eq!(spool.file.is_some(), file);
            assert_eq!(spool.length(), 300_000);
            for _ in 0..2 {
                let all = read(&spool);
                assert_eq!(all.len(), 300_000);
                assert!(
                    all.chunks(100_000).zip(0u8..).all(|(part, number)| part.iter().all(|&b| b == number))
                );
            }
            // The file has no name.
            assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let mut spool = Spool::default();
        assert!(spool.append(b"ab", 1, Path::new("/nonexistent/spool")).is_err());
    }
}
