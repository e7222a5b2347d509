//! The native audit entry: parts between boundary lines, as ModSecurity v2 writes them.
//!
//! ```text
//! --2d6dfa08-A--
//! [24/Nov/2026:18:21:17.428453 +0000] awXV… 127.0.0.1 54410 127.0.0.1 80
//! --2d6dfa08-B--
//! GET /?a=1 HTTP/1.1
//! Host: localhost
//!
//! --2d6dfa08-Z--
//! ```
//!
//! The audit log calls [`entry`]; part H is in `native_trailer`. Parts come in the order A B C I F E H J K Z whatever
//! the configuration says, D and G never; part I is the fields of a multipart body, other bodies stand in part C also
//! where only I is asked for. A boundary is a newline, the boundary line, a newline: a blank line precedes
//! it only where the part before ended its own last line. Bodies are raw, so a client can write lines that look like
//! boundaries; readers are safe because the eight digits are random per entry. (manual: "Audit log, Native")

use portcullis_engine::Record;
use portcullis_engine::record::{MatchedRule, Pairs, Upload};

use super::AuditStyle;
use crate::escape::quoted;
use crate::time::Moment;

#[path = "native_trailer.rs"]
mod trailer;

pub(crate) use trailer::{engine_mode, error_messages, is_default_web_app};

/// Appends the entry of a record with the parts it asks for. `boundary` must be unpredictable to clients.
pub fn entry(record: &Record, boundary: u32, style: &AuditStyle, out: &mut Vec<u8>) {
    let wants = |letter| record.audit_parts.has(letter);
    out.extend_from_slice(format!("--{boundary:08x}-A--\n").as_bytes());
    part_a(record, out);
    let open = |letter: char, out: &mut Vec<u8>| {
        out.extend_from_slice(format!("\n--{boundary:08x}-{letter}--\n").as_bytes());
    };
    if wants(b'B') {
        open('B', out);
        part_b(record, out);
    }
    if let Some(body) = &record.request.body {
        open('C', out);
        out.extend_from_slice(body);
    }
    if let Some(fields) = &record.request.fake_body {
        open('I', out);
        out.extend_from_slice(fields);
    }
    if wants(b'F') {
        open('F', out);
        part_f(record, out);
    }
    if let Some(body) = &record.response.body {
        open('E', out);
        out.extend_from_slice(body);
    }
    if wants(b'H') {
        open('H', out);
        trailer::part_h(record, style, out);
    }
    if wants(b'J') && record.request.multipart {
        open('J', out);
        part_j(&record.uploads, out);
    }
    if wants(b'K') {
        open('K', out);
        part_k(&record.matched_rules, out);
    }
    open('Z', out);
    out.push(b'\n');
}

/// The moment an entry carries: when the transaction was over.
pub(crate) fn entry_moment(record: &Record) -> Moment {
    let duration = i64::try_from(record.stopwatch.duration).unwrap_or(i64::MAX);
    Moment::new(record.started_micros.saturating_add(duration), record.utc_offset_seconds)
}

fn part_a(record: &Record, out: &mut Vec<u8>) {
    let (client, server) = (record.client, record.server);
    let (from, to) = (client.ip().to_canonical(), server.ip().to_canonical());
    let (time, id) = (entry_moment(record).audit(), &record.unique_id);
    out.extend_from_slice(
        format!("[{time}] {id} {from} {} {to} {}", client.port(), server.port()).as_bytes(),
    );
}

fn part_b(record: &Record, out: &mut Vec<u8>) {
    out.extend_from_slice(&record.request.line);
    out.push(b'\n');
    headers(&record.request.headers, out);
}

fn part_f(record: &Record, out: &mut Vec<u8>) {
    let response = &record.response;
    // HTTP/0.9 answers have no head.
    if response.protocol.is_empty() {
        return;
    }
    out.extend_from_slice(&response.protocol);
    out.extend_from_slice(format!(" {} ", response.status).as_bytes());
    out.extend_from_slice(&response.reason);
    out.push(b'\n');
    headers(&response.headers, out);
}

fn headers(headers: &Pairs, out: &mut Vec<u8>) {
    for (name, value) in headers.iter() {
        for piece in [name, b": ", value, b"\n"] {
            out.extend_from_slice(piece);
        }
    }
}

fn part_j(uploads: &[Upload], out: &mut Vec<u8>) {
    for upload in uploads {
        out.extend_from_slice(format!("{},{},", upload.part, upload.size).as_bytes());
        quoted(&upload.name, out);
        out.push(b',');
        let unknown = upload.content_type.is_empty();
        quoted(if unknown { b"<Unknown ContentType>" } else { &upload.content_type }, out);
        out.push(b'\n');
    }
    out.extend_from_slice(format!("Total,{}\n", total_size(uploads)).as_bytes());
}

/// Bytes of all files together.
pub(crate) fn total_size(uploads: &[Upload]) -> u64 {
    uploads.iter().fold(0, |sum, upload| sum.saturating_add(upload.size))
}

fn part_k(rules: &[MatchedRule], out: &mut Vec<u8>) {
    for rule in rules {
        for link in &rule.links {
            if !link.matched {
                out.push(b'#');
            }
            out.extend_from_slice(&link.text);
            out.push(b'\n');
        }
        out.push(b'\n');
    }
}
