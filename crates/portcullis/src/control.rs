//! The control socket: another process asks a running proxy to read its site again, and learns what came of it.
//!
//! ```text
//! ask:     reload⏎
//! answer:  reloaded (asked): +1 rule; 40 rules, engine On⏎ ok⏎     or the diagnostics, and: failed⏎
//! ```
//!
//! It is `data/control.sock` in the site, for its owner alone. Who can write there can change the rules anyway. A site whose
//! `data` cannot be written is served all the same, and says so.
//!
//! Limit: one question per connection; one that does not come within [`PATIENCE`] is not answered.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::events::Event;

/// How long a question may take, and an answer to be read.
const PATIENCE: Duration = Duration::from_secs(5);

/// The only question there is.
const RELOAD: &[u8] = b"reload\n";

/// Somebody who waits for an answer.
#[derive(Debug)]
pub struct Asker(UnixStream);

impl Asker {
    /// Answers and ends the connection.
    pub fn answer(mut self, text: &str, is_good: bool) {
        let end = if is_good { "ok" } else { "failed" };
        // Who asked may have gone; the answer stands in our own log too.
        let _ = writeln!(self.0, "{text}{end}");
    }
}

/// The socket; the file goes with it.
#[derive(Debug)]
pub struct Control {
    place: PathBuf,
}

/// Where the socket of a site is.
pub fn place(root: &Path) -> PathBuf {
    root.join(portcullis_site::DATA).join("control.sock")
}

impl Control {
    /// Listens. A socket that a dead process left is replaced; one that answers is not.
    pub fn start(root: &Path, events: Sender<Event>) -> io::Result<Self> {
        let place = place(root);
        if UnixStream::connect(&place).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another proxy runs with this site"));
        }
        match fs::remove_file(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&place)?;
        fs::set_permissions(&place, fs::Permissions::from_mode(0o600))?;
        thread::Builder::new().name("control".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(asker) = hear(stream)
                    && events.send(Event::Asked(asker)).is_err()
                {
                    return;
                }
            }
        })?;
        Ok(Self { place })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Left behind it would be replaced at the next start.
        let _ = fs::remove_file(&self.place);
    }
}

/// The question, when it is one.
fn hear(mut stream: UnixStream) -> Option<Asker> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let mut question = [0; RELOAD.len()];
    stream.read_exact(&mut question).ok()?;
    (question == RELOAD).then_some(Asker(stream))
}

/// Asks this process to reload, and waits.
pub fn ask_here(events: &Sender<Event>) -> Result<(String, bool)> {
    let (mut mine, theirs) = UnixStream::pair()?;
    events.send(Event::Asked(Asker(theirs))).map_err(|_| anyhow::anyhow!("the proxy is stopping"))?;
    let mut answer = String::new();
    mine.read_to_string(&mut answer)?;
    outcome(&answer)
}

/// What an answer says, and whether the site is in force.
fn outcome(answer: &str) -> Result<(String, bool)> {
    if let Some(text) = answer.strip_suffix("ok\n") {
        return Ok((text.to_owned(), true));
    }
    match answer.strip_suffix("failed\n") {
        Some(text) => Ok((text.to_owned(), false)),
        None => bail!("the proxy ended before it answered"),
    }
}

/// Asks the proxy that runs with a site to reload. The text, and whether the site is in force now; nothing when not waited for.
pub fn ask(root: &Path, wait: bool) -> Result<Option<(String, bool)>> {
    let place = place(root);
    let mut stream = UnixStream::connect(&place).with_context(|| {
        format!(
            "no proxy on this machine runs with {} (nobody listens at `{}`)",
            root.display(),
            place.display()
        )
    })?;
    stream.write_all(RELOAD)?;
    if !wait {
        return Ok(None);
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    outcome(&answer).map(Some)
}
