//! The access log: one line per request, as JSON or LTSV, whatever the rules thought of it.
//!
//! ```text
//! {"time":"2026-11-24T18:21:17.428234Z","id":"awXV…","client":"127.0.0.1:54410","method":"GET","target":"/?a=1",…,"verdict":"passed"}
//! time:2026-11-24T18:21:17.428234Z<TAB>id:awXV…<TAB>client:127.0.0.1:54410<TAB>method:GET<TAB>target:/?a=1…
//! ```
//!
//! The proxy fills an [`Access`] when a response is over and hands the line to a queue. Keys that have nothing to say
//! are left out. Bytes that are not UTF-8 appear as `\xhh` and a backslash as `\\` before the format's own escapes, so
//! the original can be read back. Nothing is masked here: the caller passes what the record holds after sanitising.
//! (manual: "Access log")

use std::net::SocketAddr;

use portcullis_engine::record::Pairs;

use crate::digits::address;
use crate::escape::reversible;
use crate::json_text::{JsonBytes, JsonText};
use crate::time::Moment;

/// What became of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// No rule alerted.
    #[default]
    Passed,
    /// Rules alerted; the request went on.
    Detected,
    /// A rule stopped it.
    Blocked,
}

impl Outcome {
    /// The word in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Detected => "detected",
            Self::Blocked => "blocked",
        }
    }
}

/// The origin's share of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Where it was sent.
    pub address: SocketAddr,
    /// The status it answered; `None` when no head arrived.
    pub status: Option<u16>,
    /// From connecting to the end of its answer, microseconds.
    pub duration_micros: u64,
}

/// One request in the access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access<'a> {
    /// Start, microseconds since the Unix epoch.
    pub started_micros: i64,
    /// Offset of local time from UTC, seconds.
    pub utc_offset_seconds: i32,
    /// The id in every log.
    pub unique_id: &'a str,
    /// The client.
    pub client: SocketAddr,
    /// Method as sent.
    pub method: &'a [u8],
    /// Target as sent.
    pub target: &'a [u8],
    /// `HTTP/1.1`; empty for HTTP/0.9.
    pub protocol: &'a [u8],
    /// `Host` as sent; empty when absent.
    pub host: &'a [u8],
    /// Status sent to the client; `None` when the connection was closed without one.
    pub status: Option<u16>,
    /// Bytes sent to the client, head included.
    pub bytes_sent: u64,
    /// Bytes received from the client, head included.
    pub bytes_received: u64,
    /// From the first byte of the request to the last of the response, microseconds.
    pub duration_micros: u64,
    /// The origin's share; `None` when it was not asked.
    pub upstream: Option<Upstream>,
    /// What became of it.
    pub outcome: Outcome,
    /// Ids of the rules that alerted, in order, each once.
    pub rules: Vec<u64>,
    /// Anomaly scores (name, value) the site keeps.
    pub scores: &'a Pairs,
    /// `User-Agent`; empty when absent.
    pub user_agent: &'a [u8],
    /// `Referer`; empty when absent.
    pub referer: &'a [u8],
    /// Why it failed, when it did.
    pub error: Option<&'a str>,
}

/// Appends the line in JSON, with its newline.
pub fn json(access: &Access<'_>, out: &mut Vec<u8>) {
    JsonText::new(out, JsonBytes::Reversible).object(|json| {
        fields(access, |key, field| match field {
            Field::Bytes(value) => json.key(key).string(value),
            Field::Number(value) => json.key(key).number(value),
        });
        json.key("rules").array(|json| access.rules.iter().for_each(|id| json.literal(id)));
        if !access.scores.is_empty() {
            json.key("scores").object(|json| {
                access.scores.iter().for_each(|(name, value)| json.key_bytes(name).string(value));
            });
        }
    });
    out.push(b'\n');
}

/// Appends the line in LTSV (`label:value`, tabs between), with its newline. Rules and scores are lists with commas.
pub fn ltsv(access: &Access<'_>, out: &mut Vec<u8>) {
    let mut line = String::new();
    fields(access, |key, field| {
        let value = match field {
            Field::Bytes(value) => reversible(value),
            Field::Number(value) => value.to_string(),
        };
        push_ltsv(key, &value, &mut line);
    });
    push_ltsv("rules", &list(access.rules.iter().map(u64::to_string)), &mut line);
    if !access.scores.is_empty() {
        let pair = |(name, value): (&[u8], &[u8])| format!("{}={}", reversible(name), reversible(value));
        push_ltsv("scores", &list(access.scores.iter().map(pair)), &mut line);
    }
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

enum Field<'a> {
    Bytes(&'a [u8]),
    Number(u64),
}

/// Gives the single-valued fields in order, those without a value left out.
fn fields(access: &Access<'_>, mut give: impl FnMut(&'static str, Field<'_>)) {
    let time = Moment::new(access.started_micros, access.utc_offset_seconds).rfc3339();
    give("time", Field::Bytes(time.as_bytes()));
    give("id", Field::Bytes(access.unique_id.as_bytes()));
    let mut client = Vec::with_capacity(24);
    address(access.client, &mut client);
    give("client", Field::Bytes(&client));
    some(&mut give, "method", access.method);
    some(&mut give, "target", access.target);
    some(&mut give, "protocol", access.protocol);
    some(&mut give, "host", access.host);
    if let Some(status) = access.status {
        give("status", Field::Number(status.into()));
    }
    give("bytes_sent", Field::Number(access.bytes_sent));
    give("bytes_received", Field::Number(access.bytes_received));
    give("duration_us", Field::Number(access.duration_micros));
    if let Some(upstream) = &access.upstream {
        let mut text = Vec::with_capacity(24);
        address(upstream.address, &mut text);
        give("upstream", Field::Bytes(&text));
        if let Some(status) = upstream.status {
            give("upstream_status", Field::Number(status.into()));
        }
        give("upstream_duration_us", Field::Number(upstream.duration_micros));
    }
    give("verdict", Field::Bytes(access.outcome.name().as_bytes()));
    some(&mut give, "user_agent", access.user_agent);
    some(&mut give, "referer", access.referer);
    some(&mut give, "error", access.error.unwrap_or_default().as_bytes());
}

/// Gives a text unless it is empty.
fn some(give: &mut impl FnMut(&'static str, Field<'_>), key: &'static str, text: &[u8]) {
    if !text.is_empty() {
        give(key, Field::Bytes(text));
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

/// LTSV has no escapes of its own: characters that would end a field or the line become `\xhh`.
fn push_ltsv(key: &str, value: &str, line: &mut String) {
    if !line.is_empty() {
        line.push('\t');
    }
    line.push_str(key);
    line.push(':');
    for character in value.chars() {
        match character {
            '\t' | '\n' | '\r' | '\0' => line.push_str(&format!("\\x{:02x}", u32::from(character))),
            _ => line.push(character),
        }
    }
}
