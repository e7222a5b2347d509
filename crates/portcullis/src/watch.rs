//! Notices that files of a site have changed, by asking for their metadata twice a second.
//!
//! `modsecurity.conf` gets a new time, size or inode → one [`Event::Changed`], as soon as two looks in a row agree (an
//! editor may still be writing). What the change means is for the receiver, which compares contents: a touched file is no
//! news. Polling is chosen over notification because it works on every file system, network mounts and container volumes
//! included, and because a site has few files.
//!
//! A file that was written within [`CLOCK_STEP`] of the look may be written again without its metadata changing, so
//! such a look is followed by one more event.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::events::Event;

/// Time between two looks.
const INTERVAL: Duration = Duration::from_millis(500);
/// Coarser than the time stamps of any file system in use.
const CLOCK_STEP: Duration = Duration::from_secs(2);

/// A thread that looks; it ends when this is dropped.
#[derive(Debug)]
pub struct Watcher {
    paths: Sender<Vec<PathBuf>>,
}

impl Watcher {
    /// Starts looking at nothing. Errors when the system gives no thread.
    pub fn start(events: Sender<Event>) -> io::Result<Self> {
        let (paths, orders) = channel::<Vec<PathBuf>>();
        thread::Builder::new().name("watcher".to_owned()).spawn(move || {
            let mut watch = Watch::default();
            loop {
                match orders.recv_timeout(INTERVAL) {
                    Ok(paths) => watch = Watch::new(paths, SystemTime::now()),
                    Err(RecvTimeoutError::Timeout) => {
                        if watch.look(SystemTime::now()) && events.send(Event::Changed).is_err() {
                            return;
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        })?;
        Ok(Self { paths })
    }

    /// Looks at these files and folders from now on.
    pub fn watch(&self, paths: Vec<PathBuf>) {
        // The thread ends only with us or with the receiver of events: then nobody wants to know.
        let _ = self.paths.send(paths);
    }
}

/// What is known of a path: nothing when it is not there.
pub type Mark = Option<(u64, u64, u64, i64, i64)>;

/// The state of a watch.
#[derive(Debug, Default)]
struct Watch {
    paths: Vec<PathBuf>,
    known: Vec<Mark>,
    /// A look that differed, waiting for the next to agree with it.
    candidate: Option<Vec<Mark>>,
    /// When to look into the files although their metadata agrees.
    second_look: Option<SystemTime>,
}

impl Watch {
    fn new(paths: Vec<PathBuf>, now: SystemTime) -> Self {
        let known = marks(&paths);
        let second_look = fresh(&known, now);
        Self { paths, known, candidate: None, second_look }
    }

    /// Whether there is something to tell.
    fn look(&mut self, now: SystemTime) -> bool {
        let seen = marks(&self.paths);
        if seen == self.known {
            self.candidate = None;
            return self.second_look.take_if(|due| *due <= now).is_some();
        }
        if self.candidate.as_ref() != Some(&seen) {
            self.candidate = Some(seen);
            return false;
        }
        self.candidate = None;
        self.second_look = fresh(&seen, now);
        self.known = seen;
        true
    }
}

/// What is known of paths now.
pub fn marks(paths: &[PathBuf]) -> Vec<Mark> {
    paths.iter().map(|path| mark(path)).collect()
}

fn mark(path: &Path) -> Mark {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino(), found.size(), found.mtime(), found.mtime_nsec()))
}

/// Until when a file may be written again without its mark changing; nothing when that time is over.
pub fn fresh(marks: &[Mark], now: SystemTime) -> Option<SystemTime> {
    let newest = marks.iter().flatten().map(|(_, _, _, seconds, _)| *seconds).max()?;
    let newest = UNIX_EPOCH + Duration::from_secs(u64::try_from(newest).ok()?);
    let settled = newest + CLOCK_STEP;
    // A time stamp from the future tells nothing; one more look then costs little.
    (settled > now).then(|| settled.min(now + CLOCK_STEP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_once_when_two_looks_agree() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.conf");
        fs::write(&file, "1").unwrap();
        let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000);
        fs::File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
        let now = long_ago + Duration::from_secs(1000);
        let mut watch = Watch::new(vec![file.clone()], now);
        assert!(!watch.look(now));
        fs::write(&file, "12").unwrap();
        let looks = [watch.look(now), watch.look(now), watch.look(now)];
        assert_eq!(looks, [false, true, false]);
        fs::remove_file(&file).unwrap();
        let looks = [watch.look(now), watch.look(now), watch.look(now)];
        assert_eq!(looks, [false, true, false]);
    }

    #[test]
    fn looks_again_at_what_was_written_just_now() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let mut watch = Watch::new(vec![folder.path().to_owned()], now);
        assert!(!watch.look(now));
        let later = now + 2 * CLOCK_STEP;
        assert_eq!([watch.look(later), watch.look(later)], [true, false]);
    }
}
