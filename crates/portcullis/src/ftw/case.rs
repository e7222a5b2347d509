//! A test as the runner uses it: checked, defaults filled in, both file layouts made one.
//!
//! `911100.yaml` with `test_id: 5` becomes the case `911100-5` with its stages. `load` builds these, `runner` plays
//! them, `check` compares what came of it. Nothing here reads files or sockets.

use regex::bytes::Regex;
use std::path::PathBuf;

/// One test: requests played in order, each with what it must cause.
#[derive(Debug, Clone)]
pub struct Case {
    /// `RULE-TEST`, as in `942100-7`.
    pub id: String,
    /// The rule under test.
    pub rule_id: u64,
    /// The test's number.
    pub test_id: u64,
    /// Where it was read.
    pub file: PathBuf,
    /// The stages in order.
    pub stages: Vec<Stage>,
}

/// A request and its expectations.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What is sent.
    pub input: Input,
    /// What must come of it.
    pub expect: Expectations,
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct Input {
    /// The bytes, or the parts that they are made of.
    pub message: Message,
    /// Add `Cookie` from what earlier stages received, and remember what this one receives.
    pub save_cookie: bool,
    /// Take the target from the redirect that the stage before received.
    pub follow_redirect: bool,
    /// What the origin shall answer, when the test says so.
    pub response: Option<CannedResponse>,
}

/// The request's bytes or parts.
#[derive(Debug, Clone)]
pub enum Message {
    /// Sent as they are.
    Raw(Vec<u8>),
    /// Put together by [`super::request::build`].
    Parts(Parts),
}

/// The parts of a request.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The method.
    pub method: String,
    /// The request targets; the stage is played once for each.
    pub uris: Vec<String>,
    /// The protocol version; empty for none.
    pub version: String,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub data: Vec<u8>,
    /// Whether missing header fields are added.
    pub autocomplete: bool,
}

/// An answer that the origin shall give to this stage's request.
#[derive(Debug, Clone)]
pub struct CannedResponse {
    /// The status code.
    pub status: u16,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What must come of a request.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// One of these status codes, when not empty.
    pub status: Vec<u64>,
    /// A piece of the raw response.
    pub response_contains: Option<String>,
    /// Each of these rules has a log line.
    pub expect_ids: Vec<u64>,
    /// None of these rules has one.
    pub no_expect_ids: Vec<u64>,
    /// For each a log line that matches.
    pub match_regex: Vec<Regex>,
    /// For each no log line that matches.
    pub no_match_regex: Vec<Regex>,
    /// A broken or missing answer ends the stage well.
    pub expect_error: bool,
    /// No rule but those of `expect_ids` has a log line.
    pub isolated: bool,
    /// Play the stage again when it fails.
    pub retry_once: bool,
}

impl Expectations {
    /// Whether any outcome at all would pass.
    pub fn is_empty(&self) -> bool {
        self.status.is_empty()
            && self.response_contains.is_none()
            && self.expect_ids.is_empty()
            && self.no_expect_ids.is_empty()
            && self.match_regex.is_empty()
            && self.no_match_regex.is_empty()
            && !self.expect_error
            && !self.isolated
    }
}
