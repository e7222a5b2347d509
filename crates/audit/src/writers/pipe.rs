//! `|program`: a program that reads entries from its standard input, as httpd's piped logs.
//!
//! `|/usr/bin/mlogc /etc/mlogc.conf` is run by `/bin/sh -c`, its output going where ours goes. When it ends it is started
//! again, at once the first time, then after 1, 2, 4 … 60 seconds; entries in between are lost and counted. The entry
//! at which the end was noticed is written to the new one, from its start. What a program has taken and not processed when
//! it ends is lost with it. Drive it by a queue: a program that does not read holds its caller up. (manual: "Piped logs")

use std::io::{self, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Writer;

const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A program that lived this long starts with a clean slate.
const GOOD_LIFE: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub struct PipeWriter {
    command: String,
    child: Option<Child>,
    started: Instant,
    failures: u32,
}

impl PipeWriter {
    /// Starts the program. Errors when the shell cannot be run.
    pub fn start(command: &str) -> io::Result<Self> {
        let child = Some(spawn(command)?);
        Ok(Self { command: command.to_owned(), child, started: Instant::now(), failures: 0 })
    }

    /// Closes the program's input and waits for its end.
    pub fn close(mut self) -> io::Result<()> {
        match self.child.take() {
            Some(child) => end(child),
            None => Ok(()),
        }
    }

    /// How long after a start the next one may be tried.
    fn wait(&self) -> Duration {
        match self.failures {
            0 | 1 => Duration::ZERO,
            n => LONGEST_WAIT.min(Duration::from_secs(1 << (n - 2).min(6))),
        }
    }

    fn restart(&mut self) -> io::Result<()> {
        if let Some(child) = self.child.take() {
            self.failures =
                if self.started.elapsed() >= GOOD_LIFE { 1 } else { self.failures.saturating_add(1) };
            end_in_background(child);
        }
        if self.started.elapsed() < self.wait() {
            return Err(io::Error::other(format!("`{}` ended and is started again later", self.command)));
        }
        self.started = Instant::now();
        match spawn(&self.command) {
            Ok(child) => self.child = Some(child),
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                return Err(error);
            }
        }
        Ok(())
    }

    fn deliver(&mut self, entry: &[u8]) -> io::Result<()> {
        let child = self.child.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        // A pipe takes bytes although its reader is gone as long as someone else holds the reading end.
        if child.try_wait()?.is_some() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        child.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(entry)
    }
}

impl Writer<Vec<u8>> for PipeWriter {
    fn write(&mut self, entry: &Vec<u8>) -> io::Result<()> {
        if self.child.is_some() && self.deliver(entry).is_ok() {
            return Ok(());
        }
        self.restart()?;
        self.deliver(entry)
    }

    /// Rotation is the program's business.
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            end_in_background(child);
        }
    }
}

fn spawn(command: &str) -> io::Result<Child> {
    Command::new("/bin/sh").arg("-c").arg(command).stdin(Stdio::piped()).spawn()
}

fn end(mut child: Child) -> io::Result<()> {
    drop(child.stdin.take());
    child.wait().map(|_| ())
}

/// Reaps a program without waiting for it here. Without a thread to be had it stays a zombie until we end.
fn end_in_background(child: Child) {
    let _ = std::thread::Builder::new().name("log-pipe-end".to_owned()).spawn(move || end(child));
}
