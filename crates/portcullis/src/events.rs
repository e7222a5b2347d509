//! What the main thread waits for while the proxy serves: signals, and changes of the site's files.
//!
//! SIGHUP → [`Event::Reload`], SIGUSR1 → [`Event::ReopenLogs`], SIGTERM or SIGINT → [`Event::Stop`]; the watcher adds
//! [`Event::Changed`]. Handlers run in an ordinary thread, so they may do what they like. A second SIGTERM or SIGINT
//! ends the process at once: somebody does not want to wait for the drain.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::control::Asker;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::iterator::Signals;

/// Exit status after a second signal, as a shell shows a process that a signal ended.
const IMPATIENT: i32 = 128 + SIGINT;

/// Something to act on.
#[derive(Debug)]
pub enum Event {
    /// Read the site again and reopen the logs.
    Reload,
    /// Files of the site look different, or its branch names another commit.
    Changed,
    /// Somebody asks for a reload and waits for what comes of it.
    Asked(Asker),
    /// Reopen the logs.
    ReopenLogs,
    /// Finish what runs, then end.
    Stop(&'static str),
}

/// Starts listening for signals. Errors when the system gives no handler or thread.
pub fn listen() -> io::Result<(Sender<Event>, Receiver<Event>)> {
    let (sender, receiver) = channel();
    // SIGXFSZ would end the process when a log reaches the file size limit; handled, the write fails instead.
    let mut signals = Signals::new([SIGHUP, SIGUSR1, SIGTERM, SIGINT, SIGXFSZ])?;
    let events = sender.clone();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let mut stopping = false;
        for signal in signals.forever() {
            let event = match signal {
                SIGHUP => Event::Reload,
                SIGUSR1 => Event::ReopenLogs,
                SIGTERM | SIGINT if stopping => std::process::exit(IMPATIENT),
                SIGTERM => Event::Stop("SIGTERM"),
                SIGINT => Event::Stop("SIGINT"),
                _ => continue,
            };
            stopping |= matches!(event, Event::Stop(_));
            if events.send(event).is_err() {
                return;
            }
        }
    })?;
    Ok((sender, receiver))
}
