//! A line of the server's own in the error log: what no rule said, in the shape of httpd's lines.
//!
//! ```text
//! [Tue Nov 24 18:21:17.428324 2026] [portcullis:error] [pid 7:tid 9] [client 127.0.0.1:54410] cannot reach the origin … [unique_id "awXV…"]
//! ```
//!
//! The binary calls [`server_line`] for failed requests and for what happens beside requests. As in httpd's, backslashes
//! are doubled and controls shown as letters, so that no text can begin a line of its own. (manual: "Error log")

use std::net::SocketAddr;

use super::error_log::{ErrorLogStyle, LINE_LIMIT};
use crate::escape::{Printable, log_escape, quoted};
use crate::time::Moment;

/// Something to tell.
#[derive(Debug, Clone, Copy)]
pub struct ServerMessage<'a> {
    /// When, microseconds since the Unix epoch.
    pub micros: i64,
    /// Offset of local time from UTC, seconds.
    pub utc_offset_seconds: i32,
    /// httpd's word for how bad it is: `error`, `warn`, `notice`.
    pub level: &'a str,
    /// The client it concerns.
    pub client: Option<SocketAddr>,
    /// What there is to tell.
    pub text: &'a str,
    /// The transaction it concerns.
    pub unique_id: Option<&'a str>,
}

/// Appends the line with its newline, cut where httpd cuts its lines.
pub fn server_line(message: &ServerMessage<'_>, style: &ErrorLogStyle, out: &mut Vec<u8>) {
    let start = out.len();
    let (level, process, thread) = (message.level, style.process, style.thread);
    out.push(b'[');
    Moment::new(message.micros, message.utc_offset_seconds).error_log(out);
    out.extend_from_slice(format!("] [portcullis:{level}] [pid {process}:tid {thread}] ").as_bytes());
    if let Some(client) = message.client {
        out.extend_from_slice(
            format!("[client {}:{}] ", client.ip().to_canonical(), client.port()).as_bytes(),
        );
    }
    log_escape(message.text.as_bytes(), Printable::Backslashes, out);
    if let Some(id) = message.unique_id {
        out.extend_from_slice(b" [unique_id ");
        quoted(id.as_bytes(), out);
        out.push(b']');
    }
    out.truncate(start + LINE_LIMIT);
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line() {
        let message = ServerMessage {
            micros: 1_795_544_477_428_324,
            utc_offset_seconds: 0,
            level: "error",
            client: Some(SocketAddr::from(([127, 0, 0, 1], 54_410))),
            text: "a\\b\n[client 1.2.3.4] forged",
            unique_id: Some("awXV"),
        };
        let style = ErrorLogStyle { process: 7, thread: 9, ..ErrorLogStyle::default() };
        let mut line = Vec::new();
        server_line(&message, &style, &mut line);
        let expected = "[Tue Nov 24 18:21:17.428324 2026] [portcullis:error] [pid 7:tid 9] [client 127.0.0.1:54410] \
                        a\\\\b\\n[client 1.2.3.4] forged [unique_id \"awXV\"]\n";
        assert_eq!(String::from_utf8_lossy(&line), expected);
        let long = "x".repeat(2 * LINE_LIMIT);
        line.clear();
        server_line(&ServerMessage { text: &long, ..message }, &style, &mut line);
        assert_eq!(line.len(), LINE_LIMIT + 1);
    }
}
