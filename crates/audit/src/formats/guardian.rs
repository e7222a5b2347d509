//! The guardian log: one line per exchange for a program that watches clients, such as httpd-guardian.
//!
//! ```text
//! shop.example 192.0.2.7 - - [25/Nov/2026:15:37:34.084337 +0000] "GET /?a=x HTTP/1.1" 406 289 "-" "-" awcAvuBf… "-" 133 0 "-" 0
//! ```
//!
//! Host, client, two users a proxy does not know, time, request line, status, bytes of the body sent, two fields that
//! ModSecurity leaves empty (`Referer`, `User-Agent`), unique id, SESSIONID, duration in microseconds and in seconds, and two
//! more that say nothing. A pipe takes 4096 bytes in one piece, so that the request line is cut where a line would be longer;
//! such a line ends with `L`. (manual: "SecGuardianLog")

use portcullis_engine::Record;

use crate::escape::{Printable, log_escape, quoted};
use crate::time::Moment;

/// What a pipe takes in one piece (`PIPE_BUF`).
const LIMIT: usize = 4096;

/// What stands in the line beside the record.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// The status sent.
    pub status: u16,
    /// Bytes of the response body sent.
    pub body_bytes: u64,
    /// How long the exchange took.
    pub duration_micros: u64,
}

/// Appends the line with its newline.
pub fn line(record: &Record, outcome: Outcome, out: &mut Vec<u8>) {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    word(&record.request.server_name, &mut before);
    let time = Moment::new(record.started_micros, record.utc_offset_seconds).audit();
    let client = record.client.ip().to_canonical();
    before.extend_from_slice(format!(" {client} - - [{time}] \"").as_bytes());
    let Outcome { status, body_bytes, duration_micros } = outcome;
    after.extend_from_slice(format!("\" {status} {body_bytes} \"-\" \"-\" ").as_bytes());
    word(record.unique_id.as_bytes(), &mut after);
    after.push(b' ');
    quoted(if record.web_app.1.is_empty() { b"-" } else { &record.web_app.1 }, &mut after);
    after
        .extend_from_slice(format!(" {duration_micros} {} \"-\" 0 ", duration_micros / 1_000_000).as_bytes());
    let mut request = Vec::new();
    log_escape(&record.request.line, Printable::QuotesAndBackslashes, &mut request);
    let room = LIMIT.saturating_sub(before.len() + after.len() + b"L\n".len());
    let is_cut = request.len() > room;
    request.truncate(room);
    // Half an escape would take the quote behind it in.
    if request.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1 {
        request.pop();
    }
    out.extend([before, request, after].concat());
    out.extend_from_slice(if is_cut { b"L\n" } else { b"\n" });
}

/// A value without quotes around it; `-` when there is none.
fn word(text: &[u8], out: &mut Vec<u8>) {
    if text.is_empty() {
        out.push(b'-');
    }
    log_escape(text, Printable::QuotesAndBackslashes, out);
}
