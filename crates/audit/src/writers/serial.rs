//! `SecAuditLogType Serial`: the one destination `SecAuditLog` names.
//!
//! `/var/log/modsec_audit.log` → a file, `|/usr/bin/mlogc conf` → a program, `/dev/stdout`, `/dev/stderr` → the streams
//! (by descriptor: opening these paths fails in many containers). The audit log's wiring calls it, also for the index
//! of a concurrent log. (manual: "SecAuditLog")

use std::io;

use super::{FileOptions, FileWriter, PipeWriter, StreamWriter, Writer};

/// Opens what `SecAuditLog` names. Errors are those of the file system or of starting the program.
pub fn open_serial(target: &str, options: FileOptions) -> io::Result<Box<dyn Writer<Vec<u8>>>> {
    Ok(match (target, target.strip_prefix('|')) {
        (_, Some(command)) => Box::new(PipeWriter::start(command.trim())?),
        ("/dev/stdout", _) => Box::new(StreamWriter::stdout()?),
        ("/dev/stderr", _) => Box::new(StreamWriter::stderr()?),
        (path, _) => Box::new(FileWriter::open(path, options)?),
    })
}
