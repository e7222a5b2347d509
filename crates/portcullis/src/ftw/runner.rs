//! Plays cases one after the other and judges each.
//!
//! A case passes when every stage of it does; the first stage that fails ends it. Cookies and redirects are carried
//! from stage to stage of a case, never further. A case named in the skip file is played all the same: while it fails
//! it counts as skipped, and when it passes that is a failure, so that the list cannot outlive its reasons.

use super::case::{Case, Input, Message, Stage};
use super::check::{Observed, failures};
use super::in_process::{self, InProcess};
use super::request;
use super::response::Response;
use super::wire::Wire;
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// Where requests go.
pub enum Driver<'a> {
    /// To a running firewall.
    Wire(Wire),
    /// To an engine in this process.
    InProcess(&'a mut dyn InProcess),
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every expectation met.
    Passed,
    /// Why not, a sentence each.
    Failed(Vec<String>),
    /// Not counted, and why.
    Skipped(String),
}

/// Plays one case. An error means that the run cannot go on (no connection to the log, say).
pub fn play(case: &Case, driver: &mut Driver<'_>, skips: &BTreeMap<String, String>) -> Result<Verdict> {
    let failed = play_stages(case, driver).with_context(|| format!("test {}", case.id))?;
    Ok(match (skips.get(&case.id), failed.is_empty()) {
        (None, true) => Verdict::Passed,
        (None, false) => Verdict::Failed(failed),
        (Some(reason), false) => Verdict::Skipped(reason.clone()),
        (Some(_), true) => Verdict::Failed(vec!["passes, but the skip file lists it".to_owned()]),
    })
}

/// Sends the requests of a case and returns what each caused, whatever the case expects.
#[allow(dead_code, reason = "runners of public test data use it, the command does not")]
pub fn observe(case: &Case, driver: &mut Driver<'_>) -> Result<Vec<Observed>> {
    let (mut session, mut seen) = (Session::default(), Vec::new());
    for stage in &case.stages {
        for bytes in session.requests(&stage.input)? {
            let observed = send(driver, &bytes, stage).with_context(|| format!("test {}", case.id))?;
            if let Ok(response) = &observed.response {
                session.remember(response.clone(), stage.input.save_cookie);
            }
            seen.push(observed);
        }
    }
    Ok(seen)
}

fn play_stages(case: &Case, driver: &mut Driver<'_>) -> Result<Vec<String>> {
    let mut session = Session::default();
    for (index, stage) in case.stages.iter().enumerate() {
        let mut failed = play_stage(stage, driver, &mut session)?;
        if !failed.is_empty() && stage.expect.retry_once {
            failed = play_stage(stage, driver, &mut session)?;
        }
        if !failed.is_empty() {
            if case.stages.len() > 1 {
                failed.iter_mut().for_each(|text| text.insert_str(0, &format!("stage {}: ", index + 1)));
            }
            return Ok(failed);
        }
    }
    Ok(Vec::new())
}

fn play_stage(stage: &Stage, driver: &mut Driver<'_>, session: &mut Session) -> Result<Vec<String>> {
    let requests = match session.requests(&stage.input) {
        Ok(requests) => requests,
        Err(error) => return Ok(vec![format!("{error:#}")]),
    };
    for bytes in requests {
        let observed = send(driver, &bytes, stage)?;
        let failed = failures(&stage.expect, &observed);
        if let Ok(response) = observed.response {
            session.remember(response, stage.input.save_cookie);
        }
        if !failed.is_empty() {
            return Ok(failed);
        }
    }
    Ok(Vec::new())
}

fn send(driver: &mut Driver<'_>, bytes: &[u8], stage: &Stage) -> Result<Observed> {
    let canned = stage.input.response.as_ref();
    match driver {
        Driver::Wire(wire) => wire.play(bytes, canned, stage.expect.expect_error),
        Driver::InProcess(engine) => in_process::play(*engine, bytes, canned),
    }
}

/// What one stage leaves for the next.
#[derive(Default)]
struct Session {
    cookies: Vec<(String, String)>,
    last: Option<Response>,
}

impl Session {
    fn requests(&self, input: &Input) -> Result<Vec<Vec<u8>>> {
        let parts = match &input.message {
            Message::Raw(bytes) => return Ok(vec![bytes.clone()]),
            Message::Parts(parts) => parts,
        };
        let pairs: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let cookie = (input.save_cookie && !pairs.is_empty()).then(|| pairs.join("; "));
        let targets = match input.follow_redirect {
            true => vec![self.redirect_target()?],
            false => parts.uris.clone(),
        };
        Ok(targets.iter().map(|uri| request::build(parts, uri, cookie.as_deref())).collect())
    }

    /// The path and query of the last answer's `Location`; its host does not matter, since all tests go to one place.
    fn redirect_target(&self) -> Result<String> {
        let last = self.last.as_ref().context("follow_redirect without an answer to the stage before")?;
        anyhow::ensure!(
            matches!(last.status, 300..=303 | 307 | 308),
            "follow_redirect, but the stage before was answered {}",
            last.status
        );
        let location =
            last.header("Location").context("follow_redirect, but the answer before has no Location")?;
        let path = match location.split_once("://") {
            Some((_, rest)) => rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/"),
            None => location,
        };
        let path = path.split('#').next().unwrap_or_default();
        Ok(if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
    }

    fn remember(&mut self, response: Response, save_cookie: bool) {
        if save_cookie {
            let set = response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
            for (_, value) in set {
                let pair = value.split(';').next().unwrap_or_default();
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                self.cookies.retain(|(known, _)| known != name.trim());
                self.cookies.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        self.last = Some(response);
    }
}
