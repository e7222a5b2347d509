//! `SecAuditLogType Concurrent`: a file per transaction and a line in the index that names it.
//!
//! ```text
//! www-data/20261124/20261124-1823/20261124-182328-awXW…   the entry
//! localhost 127.0.0.1 - - [24/Nov/2026:18:23:28.498620 +0000] "GET /p HTTP/1.1" 403 239 "-" "-" awXW… "-" /www-data/… 0 1662 md5:2d0b…
//! ```
//!
//! The audit log calls [`entry`] with an entry in any format; the concurrent writer stores it. The directory named
//! after the operating-system user stands there since 2.9.7 and is left out when none is given. Referer and agent are
//! `-`, as in v2. A line over 3981 bytes loses the end of its request line and gets a final `L`.
//! (manual: "Audit log, Concurrent")

use md5::{Digest, Md5};
use portcullis_engine::Record;

use super::native::entry_moment;
use crate::escape::{Printable, log_escape};

/// The longest index line before `L` and newline.
const LINE_LIMIT: usize = 3981;

/// One transaction for the concurrent writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConcurrentEntry {
    /// Where the entry goes, relative to the storage directory.
    pub path: String,
    /// The entry.
    pub content: Vec<u8>,
    /// The line for the index, with its newline.
    pub index: Vec<u8>,
}

/// Places an entry and builds its index line. `bytes_sent` is the length of the response body as sent; `user` the
/// name of the directory under the storage directory.
pub fn entry(record: &Record, content: Vec<u8>, bytes_sent: u64, user: Option<&str>) -> ConcurrentEntry {
    let path = path(record, user);
    let index = index_line(record, &path, &content, bytes_sent);
    ConcurrentEntry { path, content, index }
}

fn path(record: &Record, user: Option<&str>) -> String {
    let moment = entry_moment(record);
    let day = moment.compact_day();
    let user = user.map_or(String::new(), |name| format!("{}/", file_name(name)));
    let (minute, second) = (moment.compact_minute(), moment.compact_second());
    format!("{user}{day}/{day}-{minute}/{day}-{second}-{}", file_name(&record.unique_id))
}

/// Keeps a name inside its directory: ids are opaque, and one that holds a slash must not choose the place.
fn file_name(name: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '@');
    name.chars().map(|c| if safe(c) { c } else { '_' }).collect()
}

fn index_line(record: &Record, path: &str, content: &[u8], bytes_sent: u64) -> Vec<u8> {
    let mut head = Vec::new();
    log_escape(or_dash(&record.request.server_name), Printable::QuotesAndBackslashes, &mut head);
    let (ip, time) = (record.client.ip().to_canonical(), entry_moment(record).audit());
    head.extend_from_slice(format!(" {ip} - - [{time}] \"").as_bytes());

    let mut request = Vec::new();
    log_escape(&record.request.line, Printable::QuotesAndBackslashes, &mut request);

    let mut tail = format!("\" {} {bytes_sent} \"-\" \"-\" {} \"", record.response.status, record.unique_id)
        .into_bytes();
    log_escape(or_dash(&record.web_app.1), Printable::QuotesAndBackslashes, &mut tail);
    let digest: String = Md5::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    tail.extend_from_slice(format!("\" /{path} 0 {} md5:{digest} ", content.len()).as_bytes());

    let fixed = head.len() + tail.len();
    let room = LINE_LIMIT.saturating_sub(fixed);
    let shortened = request.len() > room;
    request.truncate(room);
    let mut line = [head, request, tail].concat();
    line.extend_from_slice(if shortened { b"L\n" } else { b"\n" });
    line
}

fn or_dash(value: &[u8]) -> &[u8] {
    if value.is_empty() { b"-" } else { value }
}
