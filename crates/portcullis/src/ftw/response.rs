//! One HTTP/1.x response read from a socket: enough of the framing to know where it ends, and its bytes kept whole.
//!
//! `HTTP/1.1 200 OK … Content-Length: 2 … ok` → status 200, two header fields, the raw bytes. Anything that does not
//! begin with a status line is an error, which a test may expect. Interim responses (100, 103) are skipped. Bodies are
//! kept up to [`LIMIT`], since a test only ever looks for a piece of text in them.

use anyhow::{Context, Result, bail};
use std::io::Read;

/// How much of a response is kept and read.
const LIMIT: usize = 16 << 20;

/// What came back.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// Head and body as received.
    pub raw: Vec<u8>,
}

impl Response {
    /// The first value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Reads one response. `head_request` tells that no body follows whatever the head says; `until_close` reads to
    /// the end of the connection even when the framing ended before, so that the server has finished its logging.
    pub fn read(stream: &mut impl Read, head_request: bool, until_close: bool) -> Result<Response> {
        let mut bytes = Vec::new();
        let mut response = loop {
            let end = read_head(stream, &mut bytes)?;
            let response = parse_head(bytes.get(..end).unwrap_or_default())?;
            if !(100..200).contains(&response.status) || response.status == 101 {
                break Response { raw: bytes, ..response };
            }
            bytes.drain(..end);
        };
        let head = head_end(&response.raw).unwrap_or(response.raw.len());
        let framing = framing(&response, head_request)?;
        loop {
            let body = response.raw.get(head..).unwrap_or_default();
            let done = match framing {
                Framing::None => true,
                Framing::Length(length) => body.len() >= length,
                Framing::Chunked => chunks_complete(body)?,
                Framing::UntilClose => false,
            };
            if response.raw.len() > LIMIT {
                bail!("a response of more than {LIMIT} bytes");
            }
            if done && !until_close {
                return Ok(response);
            }
            // After the last byte of the message an unclean end of the connection says nothing about the message.
            match fill(stream, &mut response.raw) {
                Ok(0) if done || matches!(framing, Framing::UntilClose) => return Ok(response),
                Ok(0) => bail!("the connection was closed in the middle of the response"),
                Ok(_) => {}
                Err(_) if done => return Ok(response),
                Err(error) => return Err(error),
            }
        }
    }
}

enum Framing {
    None,
    Length(usize),
    Chunked,
    UntilClose,
}

fn framing(response: &Response, head_request: bool) -> Result<Framing> {
    if head_request || matches!(response.status, 101 | 204 | 304) {
        return Ok(Framing::None);
    }
    if response.header("Transfer-Encoding").is_some_and(|v| v.to_ascii_lowercase().contains("chunked")) {
        return Ok(Framing::Chunked);
    }
    match response.header("Content-Length") {
        Some(length) => Ok(Framing::Length(length.trim().parse().context("Content-Length of the response")?)),
        None => Ok(Framing::UntilClose),
    }
}

fn read_head(stream: &mut impl Read, bytes: &mut Vec<u8>) -> Result<usize> {
    loop {
        if let Some(end) = head_end(bytes) {
            return Ok(end);
        }
        if bytes.len() > LIMIT {
            bail!("a response head of more than {LIMIT} bytes");
        }
        if fill(stream, bytes)? == 0 {
            match bytes.is_empty() {
                true => bail!("the connection was closed without an answer"),
                false => bail!("the answer is no HTTP response: {:?}", lossy_start(bytes)),
            }
        }
    }
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
}

fn parse_head(head: &[u8]) -> Result<Response> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let mut words = status_line.split(' ');
    let status = match (words.next(), words.next().map(str::parse)) {
        (Some(version), Some(Ok(status))) if version.starts_with("HTTP/") => status,
        _ => bail!("the answer is no HTTP response: {:?}", lossy_start(head)),
    };
    let fields = lines.filter_map(|line| line.split_once(':'));
    let headers = fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    Ok(Response { status, headers, raw: Vec::new() })
}

/// Whether the bytes hold a whole chunked body, trailers included.
fn chunks_complete(mut body: &[u8]) -> Result<bool> {
    loop {
        let Some(end) = body.windows(2).position(|w| w == b"\r\n") else { return Ok(false) };
        let line = String::from_utf8_lossy(body.get(..end).unwrap_or_default()).into_owned();
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16).with_context(|| format!("chunk size {digits:?}"))?;
        let rest = body.get(end + 2..).unwrap_or_default();
        if size == 0 {
            return Ok(rest.starts_with(b"\r\n") || rest.windows(4).any(|w| w == b"\r\n\r\n"));
        }
        match size.checked_add(2).and_then(|skip| rest.get(skip..)) {
            Some(next) => body = next,
            None => return Ok(false),
        }
    }
}

fn fill(stream: &mut impl Read, bytes: &mut Vec<u8>) -> Result<usize> {
    let mut buffer = [0; 16 << 10];
    let count = loop {
        match stream.read(&mut buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => bail!("no answer in time"),
            Err(error) => return Err(error).context("cannot read the answer"),
            Ok(count) => break count,
        }
    };
    bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
    Ok(count)
}

fn lossy_start(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..80).unwrap_or(bytes)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &str) -> Result<Response> {
        Response::read(&mut bytes.as_bytes(), false, false)
    }

    #[test]
    fn framing_ends_the_response() {
        let length = read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        assert_eq!((length.status, length.raw.ends_with(b"ok")), (200, true));
        let chunked =
            read("HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").unwrap();
        assert_eq!(chunked.status, 403);
        let interim = read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n").unwrap();
        assert_eq!(interim.status, 204);
    }

    #[test]
    fn what_is_no_response_is_an_error() {
        for bytes in ["", "<html>", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "SSH-2.0-x\r\n\r\n"] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
