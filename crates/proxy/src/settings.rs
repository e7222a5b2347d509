//! What the proxy may be told: plain values with defaults, built by whoever starts it.
//!
//! `UpstreamAddress::parse("http://app:9000")` → host `app`, port 9000. Every limit and time-out stands here together
//! with what happens when it is passed; the text form (flags, environment, file) is the binary's business.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

/// Everything the proxy may be told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Addresses to accept connections on; port 0 asks the system for a free one.
    pub listen: Vec<SocketAddr>,
    /// The origin.
    pub upstream: UpstreamAddress,
    /// Worker threads; 0 means one per processor.
    pub workers: usize,
    /// Limits of request heads, and what happens to requests that deviate from plain HTTP/1.1.
    pub http: portcullis_http1::Settings,
    /// Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whoever connects is such a proxy: for a listener that nobody else can reach. Of `X-Forwarded-For` only what the
    /// peer itself has added counts.
    pub trust_peer: bool,
    /// A field in which such proxies name the client alone, `True-Client-IP` for one. Where it is missing, or is no single
    /// address, `X-Forwarded-For` counts.
    pub client_address_field: Option<String>,
    /// The field in which such proxies name the request. It becomes the id of the transaction, and origin and client get
    /// the id in a field of that name.
    pub request_id_field: Option<String>,
    /// A path that is answered 200 without rules, log or origin.
    pub health_path: Option<String>,
    /// How long what is waited for.
    pub timeouts: Timeouts,
    /// How much of what there may be.
    pub limits: Limits,
    /// Where bodies are spooled when the rules' `SecTmpDir` names no other directory.
    pub spool_directory: PathBuf,
    /// Offset of local time from UTC in seconds at a moment (seconds since the Unix epoch), for time stamps in logs.
    pub utc_offset: fn(i64) -> i32,
    /// Which of the engine's evaluators runs the rules.
    pub evaluation: portcullis_engine::Evaluation,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))],
            upstream: UpstreamAddress { host: "127.0.0.1".to_owned(), port: 80 },
            workers: 0,
            http: portcullis_http1::Settings::default(),
            trusted_proxies: Vec::new(),
            trust_peer: false,
            client_address_field: None,
            request_id_field: None,
            health_path: None,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            spool_directory: PathBuf::from("/tmp"),
            utc_offset: |_| 0,
            evaluation: portcullis_engine::Evaluation::default(),
        }
    }
}

/// How long what is waited for. They are kept coarsely: a time-out may come a quarter of a second late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From the first byte of a request head to its end; then 408 and the connection is closed.
    pub request_head: Duration,
    /// Between two requests of a connection; then it is closed.
    pub keep_alive: Duration,
    /// Between two pieces of a request body; then 408 and the connection is closed.
    pub request_body: Duration,
    /// Between two pieces the client takes of its answer; then the connection is closed.
    pub client_write: Duration,
    /// Until the origin has accepted the connection; then 504.
    pub connect: Duration,
    /// Between two pieces the origin takes of a request; then 504.
    pub upstream_write: Duration,
    /// From the end of the request to the head of the answer; then 504.
    pub answer: Duration,
    /// Between two pieces of the answer's body; then the client's connection is cut.
    pub answer_body: Duration,
    /// How long an idle connection to the origin is kept. Shorter than the origin keeps it, or requests meet
    /// connections that are just being closed.
    pub upstream_idle: Duration,
    /// Without a byte in either direction of a tunnel (WebSocket and other upgrades); then it is closed.
    pub tunnel: Duration,
    /// What a client may still send after the last answer before its connection is dropped.
    pub linger: Duration,
    /// For a program that a rule runs (`exec`, `@inspectFile`).
    pub program: Duration,
    /// For a Lua script that a rule runs. The worker waits for it.
    pub script: Duration,
    /// For a name that a rule looks up (`@rbl`).
    pub lookup: Duration,
    /// For the store of persistent collections.
    pub store: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            request_head: seconds(30),
            keep_alive: seconds(60),
            request_body: seconds(30),
            client_write: seconds(60),
            connect: seconds(5),
            upstream_write: seconds(60),
            answer: seconds(60),
            answer_body: seconds(60),
            upstream_idle: seconds(4),
            tunnel: seconds(600),
            linger: seconds(2),
            program: seconds(10),
            script: seconds(1),
            lookup: seconds(2),
            store: seconds(2),
        }
    }
}

impl Timeouts {
    /// What a Lua script may take.
    pub(crate) fn script_limits(&self) -> portcullis_lua::Limits {
        portcullis_lua::Limits { time: self.script, ..portcullis_lua::Limits::default() }
    }

    /// The shortest of them: what decides how finely time must be kept.
    pub(crate) fn shortest(&self) -> Duration {
        let Self { request_head, keep_alive, request_body, client_write, connect, upstream_write, .. } =
            *self;
        let Self { answer, answer_body, upstream_idle, tunnel, linger, program, lookup, store, .. } = *self;
        [request_head, keep_alive, request_body, client_write, connect, upstream_write, answer, answer_body]
            .into_iter()
            .chain([upstream_idle, tunnel, linger, program, lookup, store])
            .min()
            .unwrap_or_default()
    }
}

/// How much of what there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Client connections of one worker; further ones wait in the system's queue.
    pub connections_per_worker: usize,
    /// Idle connections to the origin that one worker keeps; further ones are closed after use.
    pub idle_upstream_per_worker: usize,
    /// Bytes of one request body that are spooled before the verdict; beyond it 413. The rules' own limits
    /// (`SecRequestBodyLimit`) usually come first.
    pub spooled_body: u64,
    /// How many times larger than what was sent a compressed request body may become for its rules; beyond it, an error
    /// of the body that rules see. 0: rules see compressed bodies as they were sent.
    pub decompression_ratio: u64,
    /// Bytes of bodies, requests and responses together, that one worker holds for its rules; beyond them 503.
    pub inspected_bodies_per_worker: u64,
    /// Bytes a program that a rule runs may print.
    pub program_output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_per_worker: 16_384,
            idle_upstream_per_worker: 256,
            spooled_body: 1 << 30,
            decompression_ratio: 100,
            inspected_bodies_per_worker: 1 << 30,
            program_output: 1 << 16,
        }
    }
}

/// Where the origin listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UpstreamAddress {
    /// A name or an address, IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a text names no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// `https:` or another scheme.
    #[error("scheme `{0}` is not supported for the origin; use http://HOST:PORT")]
    Scheme(String),
    /// A path, query or user information.
    #[error("the origin is HOST:PORT or http://HOST:PORT without anything behind it, not `{0}`")]
    Excess(String),
    /// No host.
    #[error("no host in `{0}`")]
    Host(String),
    /// Not a port.
    #[error("`{0}` is not a port")]
    Port(String),
}

impl UpstreamAddress {
    /// Reads `HOST:PORT`, `HOST` (port 80), or `http://` before either; a `/` behind it is ignored.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, UpstreamError> {
        let authority = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) => return Err(UpstreamError::Scheme(scheme.to_owned())),
            None => text,
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains(['/', '?', '#', '@']) || authority.chars().any(char::is_whitespace) {
            return Err(UpstreamError::Excess(text.to_owned()));
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let address = rest.split_once(']').filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok());
                let (host, port) = address.ok_or_else(|| UpstreamError::Host(text.to_owned()))?;
                (host, port.strip_prefix(':').or(port.is_empty().then_some("80")))
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, Some("80")),
            },
        };
        if host.is_empty() {
            return Err(UpstreamError::Host(text.to_owned()));
        }
        let port = port.unwrap_or_default();
        match port.parse::<u16>() {
            Ok(number @ 1..) => Ok(Self { host: host.to_owned(), port: number }),
            _ => Err(UpstreamError::Port(port.to_owned())),
        }
    }
}

impl std::fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams() {
        for (text, shown) in [
            ("app:9000", "app:9000"),
            ("app", "app:80"),
            ("http://app:9000/", "app:9000"),
            ("HTTP://127.0.0.1", "127.0.0.1:80"),
            ("[::1]:81", "[::1]:81"),
            ("http://[::1]", "[::1]:80"),
        ] {
            assert_eq!(UpstreamAddress::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            ":80",
            "app:",
            "app:0",
            "app:99999",
            "https://app",
            "app/path",
            "u@app",
            "::1:80",
            "[::1",
            "a b",
        ] {
            assert!(UpstreamAddress::parse(text).is_err(), "{text}");
        }
    }
}
