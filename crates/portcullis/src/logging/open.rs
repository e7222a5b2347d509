//! Opens what a setting names as the place of log lines.
//!
//! `stderr` → a queue over standard error; `/dev/full` → a queue too, for it can be opened: losses are said as they occur.
//! A file that cannot be opened, or a program that cannot be started, is an error with the setting's name and what to do.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use portcullis_audit::writers::{FileOptions, Losses, Queue, QueueLimits, StreamWriter, Writer, open_serial};

use super::Lines;
use crate::messages::reason;
use crate::settings::Destination;

/// Time between two notices of losses of one log.
pub const NOTICE_INTERVAL: Duration = Duration::from_secs(10);

/// Opens a log of lines; `None` when it is off. `name` is for people, `key` is the setting's.
pub fn lines(name: &str, key: &str, destination: &Destination, queue_bytes: usize) -> Result<Option<Lines>> {
    let writer = match destination {
        Destination::Off => return Ok(None),
        Destination::Stdout => StreamWriter::stdout().map(boxed),
        Destination::Stderr => StreamWriter::stderr().map(boxed),
        Destination::Named(target) => open_serial(target, FileOptions::default()),
    };
    let shown = match destination {
        Destination::Named(target) => format!("`{target}`"),
        Destination::Stdout => "standard output".to_owned(),
        Destination::Stderr | Destination::Off => "standard error".to_owned(),
    };
    let writer = writer.map_err(|error| {
        anyhow!(
            "cannot open the {name} {shown}: {}; name another place with the setting {key}",
            reason(&error)
        )
    })?;
    Ok(Some(Box::new(queue(name, writer, queue_bytes)?)))
}

/// A queue in front of a writer.
pub fn queue(name: &str, writer: Box<dyn Writer<Vec<u8>>>, bytes: usize) -> Result<Queue<Vec<u8>>> {
    let losses = Losses::new(name, NOTICE_INTERVAL);
    let limits = QueueLimits { bytes, ..QueueLimits::default() };
    Queue::start(&name.replace(' ', "-"), writer, limits, losses)
        .with_context(|| format!("cannot start the thread of the {name}"))
}

fn boxed(writer: StreamWriter) -> Box<dyn Writer<Vec<u8>>> {
    Box::new(writer)
}
