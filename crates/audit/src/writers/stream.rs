//! Standard output or standard error as a log: one `write(2)` per entry, past Rust's own buffers.
//!
//! The access log goes to standard output and the error log to standard error unless files are named. The descriptor
//! is duplicated, so closing the writer leaves the stream open. Pipes take large entries in pieces: the rest follows in
//! further writes then. When it does not come through (full disk behind the stream), the next entry starts with a newline,
//! so that a fragment never swallows its successor. (manual: "Where logs go")

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;

use super::Writer;

/// See the module.
#[derive(Debug)]
pub struct StreamWriter {
    file: File,
    fragment: bool,
}

impl StreamWriter {
    /// Standard output. Errors when the process has none.
    pub fn stdout() -> io::Result<Self> {
        Ok(Self { file: File::from(io::stdout().as_fd().try_clone_to_owned()?), fragment: false })
    }

    /// Standard error. Errors when the process has none.
    pub fn stderr() -> io::Result<Self> {
        Ok(Self { file: File::from(io::stderr().as_fd().try_clone_to_owned()?), fragment: false })
    }
}

impl Writer<Vec<u8>> for StreamWriter {
    fn write(&mut self, entry: &Vec<u8>) -> io::Result<()> {
        if self.fragment {
            self.file.write_all(b"\n")?;
            self.fragment = false;
        }
        let mut rest = entry.as_slice();
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.fragment = rest.len() < entry.len();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// A stream has no path to open anew.
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }
}
