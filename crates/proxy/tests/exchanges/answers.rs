//! What a client makes of the bytes it has received: a list of answers, the last one perhaps cut.
//!
//! `HTTP/1.1 200 OK`, `Content-Length: 9`, `abc` and the end → `200~abc`; with nine bytes `200:…`.

use crate::case::latin1;
use portcullis_http1::{BodyDecoder, BodyLimits, Framing, Inbound, Limits, ResponseReader};

/// How the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Open.
    Open,
    /// Closed in good order.
    Closed,
    /// Reset.
    Reset,
}

/// One answer, interim ones included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// The client could tell that this is all of it.
    pub whole: bool,
    /// It says that the connection ends behind it.
    pub closes: bool,
}

/// The answers in `bytes` to requests of these methods; a method of `HTTP/0.9` stands for an answer without head.
pub fn read(bytes: &[u8], methods: &[&[u8]], end: End) -> Vec<Answer> {
    let mut inbound = Inbound::default();
    inbound.feed(bytes);
    let mut reader = ResponseReader::new(Limits::for_responses());
    let mut found = Vec::new();
    let mut methods = methods.iter();
    let mut method = methods.next().copied().unwrap_or(b"GET");
    while !inbound.is_empty() {
        if method == b"HTTP/0.9" && !bytes.starts_with(b"HTTP/1.1 ") {
            let body = inbound.unread().to_vec();
            found.push(Answer { status: 0, body, whole: end == End::Closed, closes: true });
            break;
        }
        let Ok(Some(head)) = reader.read(&mut inbound) else {
            found.push(Answer { status: 0, body: inbound.unread().to_vec(), whole: false, closes: true });
            break;
        };
        let (status, framing, closes) = (head.status(), head.framing(method), !head.keep_alive());
        let (body, whole) = body(&mut inbound, framing, end);
        found.push(Answer { status, body, whole, closes });
        if status >= 200 {
            method = methods.next().copied().unwrap_or(b"GET");
        }
    }
    found
}

/// A body, and whether it is all of it.
fn body(inbound: &mut Inbound, framing: Framing, end: End) -> (Vec<u8>, bool) {
    let mut decoder = BodyDecoder::new(framing, BodyLimits::default());
    let mut body = Vec::new();
    let mut whole = decoder.is_complete();
    while !whole {
        let Ok(decoded) = decoder.decode(inbound.unread()) else { break };
        let (consumed, ended) = (decoded.consumed, decoded.end);
        body.extend_from_slice(decoded.data);
        inbound.consume(consumed);
        whole = ended;
        if consumed == 0 && !ended {
            whole = end == End::Closed && decoder.end_of_input().is_ok();
            break;
        }
    }
    (body, whole)
}

/// Whether an answer is what a case expects.
pub fn matches(expected: &str, answer: &Answer) -> bool {
    if let Some(other) = expected.strip_prefix("broken|") {
        return matches("broken", answer) || matches(other, answer);
    }
    if expected == "broken" {
        return answer.status == 502 || !answer.whole;
    }
    match expected.split_once([':', '~']) {
        Some((status, body)) => {
            answer.status.to_string() == status
                && answer.whole != expected[status.len()..].starts_with('~')
                && answer.body == latin1(body)
        }
        None => answer.status.to_string() == expected && answer.whole,
    }
}
