//! Writes messages: start lines, fields, chunks, and the rule which fields end at this hop.
//!
//! ```
//! use portcullis_http1::write;
//! let mut out = Vec::new();
//! write::request_line(&mut out, b"GET", b"/a", Some(b"x=1"));
//! write::field(&mut out, b"Host", b"h");
//! write::length(&mut out, 3);
//! write::end_of_head(&mut out);
//! assert_eq!(out, b"GET /a?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n");
//! ```
//!
//! Everything written is HTTP/1.1. CR, LF and NUL in a value become blanks, whoever supplied it: no value can end its
//! field. The caller writes exactly one framing field.

use std::collections::HashSet;

use crate::bytes::list_elements;
use crate::field::Known;

/// Ends a chunked body without trailer.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Appends `METHOD path?query HTTP/1.1`; an empty path becomes `/`.
pub fn request_line(out: &mut Vec<u8>, method: &[u8], path: &[u8], query: Option<&[u8]>) {
    out.extend_from_slice(method);
    out.push(b' ');
    if path.is_empty() {
        out.push(b'/');
    }
    out.extend_from_slice(path);
    if let Some(query) = query {
        out.push(b'?');
        out.extend_from_slice(query);
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// Appends `HTTP/1.1 status reason`.
pub fn status_line(out: &mut Vec<u8>, status: u16, reason: &[u8]) {
    out.extend_from_slice(b"HTTP/1.1 ");
    decimal(out, u64::from(status));
    out.push(b' ');
    value(out, reason);
    out.extend_from_slice(b"\r\n");
}

/// Appends a field.
pub fn field(out: &mut Vec<u8>, name: &[u8], content: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    value(out, content);
    out.extend_from_slice(b"\r\n");
}

/// Appends `Content-Length`.
pub fn length(out: &mut Vec<u8>, length: u64) {
    out.extend_from_slice(b"Content-Length: ");
    decimal(out, length);
    out.extend_from_slice(b"\r\n");
}

/// Appends `Transfer-Encoding: chunked`.
pub fn chunked(out: &mut Vec<u8>) {
    out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
}

/// Appends the empty line.
pub fn end_of_head(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}

/// Appends the size line of a chunk. `size` is not 0; behind its bytes comes CRLF.
pub fn chunk_size(out: &mut Vec<u8>, size: usize) {
    let digits = (usize::BITS - size.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        let digit = (size >> (place * 4)) & 0xf;
        out.push(char::from_digit(digit as u32, 16).map_or(b'0', |c| c as u8));
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends a number in decimal.
pub fn decimal(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a value, or a part of one.
pub fn value(out: &mut Vec<u8>, content: &[u8]) {
    let start = out.len();
    out.extend_from_slice(content);
    if memchr::memchr3(b'\r', b'\n', 0, content).is_some() {
        for byte in out.iter_mut().skip(start).filter(|b| matches!(**b, b'\r' | b'\n' | 0)) {
            *byte = b' ';
        }
    }
}

/// Decides which fields end at this hop: the hop-by-hop ones and those that `Connection` names.
#[derive(Debug, Default)]
pub struct HopByHop {
    /// Lower-cased names, only those `Connection` should not usually name; nearly always empty.
    named: HashSet<Vec<u8>>,
}

impl HopByHop {
    /// Reads the values of all `Connection` fields.
    pub fn new<'a>(connection: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut named = HashSet::new();
        for option in connection.flat_map(list_elements) {
            let usual: [&[u8]; 4] = [b"", b"close", b"keep-alive", b"upgrade"];
            // Host cannot be taken away from a request this way; httpd keeps it too.
            if !usual.iter().any(|u| option.eq_ignore_ascii_case(u)) && Known::of(option) != Known::Host {
                named.insert(option.to_ascii_lowercase());
            }
        }
        Self { named }
    }

    /// Whether a field is not forwarded.
    pub fn ends_here(&self, known: Known, name: &[u8]) -> bool {
        known.is_hop_by_hop() || (!self.named.is_empty() && self.named.contains(&name.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for number in [0usize, 1, 9, 10, 15, 16, 255, 256, 65535, 1 << 40, usize::MAX] {
            let mut out = Vec::new();
            chunk_size(&mut out, number);
            assert_eq!(out, format!("{number:x}\r\n").into_bytes());
            out.clear();
            decimal(&mut out, number as u64);
            assert_eq!(out, number.to_string().into_bytes());
        }
    }

    #[test]
    fn no_value_ends_its_field() {
        let mut out = Vec::new();
        field(&mut out, b"X", b"a\r\nEvil: 1\0");
        assert_eq!(out, b"X: a  Evil: 1 \r\n");
    }

    #[test]
    fn connection_names_fields() {
        let hops = HopByHop::new([&b"close, X-A"[..], b"host"].into_iter());
        assert!(hops.ends_here(Known::Other, b"x-a"));
        assert!(!hops.ends_here(Known::Host, b"Host"));
        assert!(!hops.ends_here(Known::Other, b"X-B"));
        assert!(hops.ends_here(Known::Te, b"TE"));
    }
}
