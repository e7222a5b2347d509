//! Stages against an engine in this process, with an origin that answers as the CRS tests expect.
//!
//! The wiring crate implements [`InProcess`] with a transaction; the runner hands it the request's bytes and a
//! function for the origin's answer, and gets back the answer the client would see and the log lines. No socket, no
//! marker and no waiting: what a request logged is what it returned.

use super::case::CannedResponse;
use super::check::Observed;
use super::origin::{self, Answer, Asked};
use super::response::Response;
use anyhow::Result;

/// A firewall in this process.
pub trait InProcess {
    /// Runs one connection that sends `request` and then nothing more. `origin` answers what the firewall forwards.
    /// The error is for a failure of the runner itself, not of the request.
    fn run(&mut self, request: &[u8], origin: &dyn Fn(&Asked<'_>) -> Answer) -> Result<Outcome>;
}

/// What a request caused.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The answer; `None` when the connection was closed without one.
    pub response: Option<Answer>,
    /// Error-log lines without line ends.
    pub log: Vec<Vec<u8>>,
}

/// Plays one request.
pub fn play(engine: &mut dyn InProcess, request: &[u8], canned: Option<&CannedResponse>) -> Result<Observed> {
    let outcome = engine.run(request, &|asked| match canned {
        Some(canned) => {
            Answer { status: canned.status, headers: canned.headers.clone(), body: canned.body.clone() }
        }
        None => origin::answer(asked),
    })?;
    let response = match outcome.response {
        Some(answer) => Ok(seen(answer)),
        None => Err("the connection was closed without an answer".to_owned()),
    };
    Ok(Observed { response, log: outcome.log })
}

fn seen(answer: Answer) -> Response {
    let mut raw = format!("HTTP/1.1 {}\r\n", answer.status).into_bytes();
    for (name, value) in &answer.headers {
        raw.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    raw.extend_from_slice(b"\r\n");
    raw.extend_from_slice(&answer.body);
    Response { status: answer.status, headers: answer.headers, raw }
}
