//! The error log: one line of httpd 2.4's `ErrorLog` per alert, as mod_security2 writes it.
//!
//! ```text
//! [Tue Nov 24 18:21:17.428324 2026] [security2:error] [pid 7:tid 9] [client 127.0.0.1:54410] [client 127.0.0.1] ModSecurity:
//! Warning. Pattern match "^a\\\\d" at ARGS:a. [id "1"] [hostname "localhost"] [uri "/x"] [unique_id "awXV…"], referer: http://r/
//! ```
//!
//! The proxy calls [`lines`] per record; the native and JSON audit formats repeat the text as `Apache-Error`. Levels 1
//! to 3 are written, level 4 belongs to the audit log alone. httpd escapes the whole text once more, so every backslash
//! of the alert appears doubled; it cuts the whole line at 8190 bytes, and a `Referer` is the last thing on it.
//! The time is the record's start: an alert has no time of its own. (manual: "Error log")

use portcullis_engine::Record;
use portcullis_engine::record::Alert;

use crate::digits::{decimal, ip};
use crate::escape::{Printable, log_escape, quoted};
use crate::time::Moment;

/// httpd's line buffer: longer lines are cut here, before the newline.
pub(super) const LINE_LIMIT: usize = 8190;

/// What stands in a line beside the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorLogStyle {
    /// `pid`.
    pub process: u32,
    /// `tid`.
    pub thread: u64,
    /// `[client IP]` a second time before `ModSecurity:`, as written up to 2.9.7 and expected by most parsers.
    pub second_client_tag: bool,
    /// `, referer: …` at the end of the line when the request has one, as httpd adds it.
    pub referer: bool,
}

impl Default for ErrorLogStyle {
    fn default() -> Self {
        let process = std::process::id();
        Self { process, thread: u64::from(process), second_client_tag: true, referer: true }
    }
}

/// Whether an alert of this level has a line in the error log.
pub fn is_logged(alert: &Alert) -> bool {
    (1..=3).contains(&alert.level)
}

/// Appends the lines of all alerts of a record, in order.
pub fn lines(record: &Record, style: &ErrorLogStyle, out: &mut Vec<u8>) {
    each_line(record, style, |line| out.extend_from_slice(line));
}

/// Gives the lines of all alerts of a record, in order, each with its newline.
pub fn each_line(record: &Record, style: &ErrorLogStyle, mut give: impl FnMut(&[u8])) {
    let mut alerts = record.alerts.iter().filter(|alert| is_logged(alert)).peekable();
    if alerts.peek().is_none() {
        return;
    }
    // The lines of a record differ in the middle only.
    let mut line = Vec::with_capacity(2048);
    prefix(record, style, &mut line);
    let begin = line.len();
    let mut end = Vec::new();
    if let Some(referer) = referer(record).filter(|_| style.referer) {
        end.extend_from_slice(b", referer: ");
        log_escape(referer, Printable::Backslashes, &mut end);
    }
    for alert in alerts {
        line.truncate(begin);
        text(record, alert, style, &mut line);
        line.extend_from_slice(&end);
        line.truncate(LINE_LIMIT);
        line.push(b'\n');
        give(&line);
    }
}

/// The text of the line without httpd's prefix and referer, cut where the line would be: what `Apache-Error` repeats.
pub(crate) fn repeated_text(record: &Record, alert: &Alert, style: &ErrorLogStyle) -> Vec<u8> {
    let mut out = Vec::new();
    prefix(record, style, &mut out);
    let skip = out.len();
    text(record, alert, style, &mut out);
    out.truncate(LINE_LIMIT);
    out.split_off(skip.min(out.len()))
}

fn prefix(record: &Record, style: &ErrorLogStyle, out: &mut Vec<u8>) {
    out.push(b'[');
    Moment::new(record.started_micros, record.utc_offset_seconds).error_log(out);
    out.extend_from_slice(b"] [security2:error] [pid ");
    decimal(style.process.into(), out);
    out.extend_from_slice(b":tid ");
    decimal(style.thread, out);
    out.extend_from_slice(b"] [client ");
    // The port stands behind an address without brackets, as in httpd.
    ip(record.client.ip().to_canonical(), out);
    out.push(b':');
    decimal(record.client.port().into(), out);
    out.extend_from_slice(b"] ");
}

fn text(record: &Record, alert: &Alert, style: &ErrorLogStyle, out: &mut Vec<u8>) {
    let mut inner = Vec::with_capacity(alert.text.len() + alert.uri.len() + 160);
    if style.second_client_tag {
        inner.extend_from_slice(b"[client ");
        ip(record.client.ip().to_canonical(), &mut inner);
        inner.extend_from_slice(b"] ");
    }
    inner.extend_from_slice(b"ModSecurity: ");
    inner.extend_from_slice(&alert.text);
    tag("hostname", &record.request.server_name, &mut inner);
    tag("uri", &alert.uri, &mut inner);
    tag("unique_id", record.unique_id.as_bytes(), &mut inner);
    log_escape(&inner, Printable::Backslashes, out);
}

fn tag(name: &str, value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b" [");
    out.extend_from_slice(name.as_bytes());
    out.push(b' ');
    quoted(value, out);
    out.push(b']');
}

fn referer(record: &Record) -> Option<&[u8]> {
    record.request.headers.get(b"referer").filter(|value| !value.is_empty())
}
