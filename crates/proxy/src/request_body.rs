//! The request body on its way: spooled and inspected before phase 2, forwarded after it.
//!
//! When rules want it, it is read into the [`Spool`] and fed to the transaction piece by piece until its end or until
//! the transaction has enough. When they do not, it stays with the client until the request is forwarded. Forwarding
//! sends what is spooled and then streams the rest, with the framing the client used; chunk extensions and trailers
//! end here.

use std::io;
use std::path::Path;

use portcullis_engine::{BodyPlan, BodyProgress, Rewritten};
use portcullis_http1::{
    BodyError, Deviation, Framing, Inbound, Policies, Policy, Refusal, RequestHead, Stage, write,
};

use crate::body_reader::{BodyReader, Progress};
use crate::connection::Client;
use crate::driver::{Driver, Stop, explain};
use crate::link::{LinkError, Receiver, Sender};
use crate::observer::Notice;
use crate::request_decoding::RequestInspection;
use crate::settings::Settings;
use crate::spool::Spool;

/// How much of a body is read at once.
pub(crate) const BODY_ROOM: usize = 64 * 1024;

/// A request body.
#[derive(Debug)]
pub(crate) struct RequestBody {
    framing: Framing,
    reader: BodyReader,
    spool: Spool,
    /// The client waits for `100 Continue`.
    awaits_invitation: bool,
    /// Bytes that are not spooled have been forwarded, so the body cannot be sent again.
    streamed: bool,
    /// Rules have seen something else than what is spooled.
    is_decoded: bool,
}

/// Why forwarding a body ended early.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// The client broke its request off.
    Client { status: u16, why: String },
    /// The origin takes no more; it may have answered already.
    Origin(LinkError),
    /// The spooled part cannot be read back.
    Spool(io::Error),
}

impl RequestBody {
    pub(crate) fn new(head: &RequestHead) -> Self {
        Self {
            framing: head.framing(),
            reader: BodyReader::new(head.framing()),
            spool: Spool::default(),
            awaits_invitation: head.expects_continue(),
            streamed: false,
            is_decoded: false,
        }
    }

    /// Passes over what of the body has come unread; true when that was all of it, so that the next request begins
    /// where it ends.
    pub(crate) fn settle(&mut self, inbound: &mut Inbound) -> bool {
        loop {
            match self.reader.advance(inbound) {
                Ok(Progress::Data) => {}
                Ok(Progress::NeedMore) | Err(_) => return false,
                Ok(Progress::End) => return true,
            }
        }
    }

    /// Whether it can be sent once more.
    pub(crate) fn can_be_repeated(&self) -> bool {
        !self.streamed
    }

    /// Whether a policy refuses what the framing has shown so far.
    pub(crate) fn refusal(&self, policies: &Policies) -> Option<Refusal> {
        let refused = |deviation: &Deviation| policies.get(*deviation) == Policy::Reject;
        let deviation = self.reader.deviations().iter().find(refused)?;
        Some(Refusal { deviation, status: deviation.status(), stage: Stage::Forward })
    }

    /// The framing it is forwarded with.
    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    /// Tells a client that waits for it to send the body.
    pub(crate) async fn invite(&mut self, client: &mut Client<'_>) -> Result<(), Stop> {
        let waits = std::mem::take(&mut self.awaits_invitation);
        // A client that has begun to send does not wait any more.
        if !waits || self.reader.is_complete() || !client.receiver.inbound.is_empty() {
            return Ok(());
        }
        client.sender.out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        client
            .sender
            .flush()
            .await
            .map_err(|error| Stop::Gone { why: format!("the client is gone: {error}") })
    }

    /// Sends the whole body behind the head that waits in `to`.
    pub(crate) async fn upload(
        &mut self,
        from: &mut Receiver<'_>,
        to: &mut Sender<'_>,
        settings: &Settings,
    ) -> Result<(), UploadError> {
        self.upload_spooled(to).await?;
        loop {
            match self.reader.advance(from.inbound).map_err(broken)? {
                Progress::Data => {
                    self.streamed = true;
                    let piece = self.reader.piece(from.inbound);
                    send(to, self.framing, piece).await?;
                }
                Progress::NeedMore => {
                    to.flush().await.map_err(UploadError::Origin)?;
                    if let Err(error) = from.fill(BODY_ROOM, settings.timeouts.request_body).await {
                        return Err(stopped(&error));
                    }
                }
                Progress::End => break,
            }
        }
        if let Some(refusal) = self.refusal(&settings.http.policies) {
            return Err(UploadError::Client { status: refusal.status, why: explain(refusal) });
        }
        if self.framing == Framing::Chunked {
            to.out.extend_from_slice(write::LAST_CHUNK);
        }
        to.flush().await.map_err(UploadError::Origin)
    }

    /// Puts what rules have made of the inspected part in its place.
    fn rewrite(&mut self, new: Rewritten<'_>, in_memory: u64, directory: &Path) -> io::Result<()> {
        let mut spool = Spool::default();
        spool.append(new.bytes, in_memory, directory)?;
        let (mut offset, mut block) = (new.inspected as u64, Vec::new());
        while offset < self.spool.length() {
            let piece = self.spool.read_at(offset, &mut block)?;
            offset += piece.len() as u64;
            spool.append(piece, in_memory, directory)?;
        }
        if let Framing::Length(length) = &mut self.framing {
            *length = length.saturating_sub(new.inspected as u64) + new.bytes.len() as u64;
        }
        self.spool = spool;
        Ok(())
    }

    async fn upload_spooled(&self, to: &mut Sender<'_>) -> Result<(), UploadError> {
        let (mut offset, mut block) = (0, Vec::new());
        while offset < self.spool.length() {
            let piece = self.spool.read_at(offset, &mut block).map_err(UploadError::Spool)?;
            offset += piece.len() as u64;
            send(to, self.framing, piece).await?;
        }
        Ok(())
    }
}

async fn send(to: &mut Sender<'_>, framing: Framing, piece: &[u8]) -> Result<(), UploadError> {
    let chunked = framing == Framing::Chunked;
    if chunked {
        write::chunk_size(to.out, piece.len());
    }
    to.push(piece).await.map_err(UploadError::Origin)?;
    if chunked {
        to.out.extend_from_slice(b"\r\n");
    }
    Ok(())
}

fn broken(error: BodyError) -> UploadError {
    UploadError::Client { status: error.status(), why: format!("the request body is broken: {error}") }
}

fn stopped(error: &LinkError) -> UploadError {
    let status = if matches!(error, LinkError::TimedOut) { 408 } else { 400 };
    UploadError::Client {
        status,
        why: format!("the client stopped in the middle of the request body: {error}"),
    }
}

impl Driver<'_> {
    /// Reads and feeds the body as far as the rules want it.
    pub(crate) async fn inspect_request_body(
        &mut self,
        client: &mut Client<'_>,
        body: &mut RequestBody,
    ) -> Result<(), Stop> {
        match self.transaction.request_body_plan() {
            BodyPlan::Skip => return Ok(()),
            BodyPlan::Reject(verdict) => return Err(Stop::Verdict(verdict)),
            BodyPlan::Inspect => {}
        }
        body.invite(client).await?;
        let mut inspection =
            RequestInspection::new(self.head, self.worker.settings().limits.decompression_ratio);
        body.is_decoded = !matches!(inspection, RequestInspection::Plain);
        loop {
            let progress = match body.reader.advance(client.receiver.inbound) {
                Ok(progress) => progress,
                Err(error) => return Err(self.body_broken(error)),
            };
            match progress {
                Progress::Data => {
                    let piece = body.reader.piece(client.receiver.inbound);
                    self.spool(&mut body.spool, piece)?;
                    match inspection.feed(&mut self.transaction, piece) {
                        BodyProgress::Continue => {}
                        BodyProgress::Enough => break,
                        BodyProgress::Reject(verdict) => return Err(Stop::Verdict(verdict)),
                    }
                }
                Progress::NeedMore => {
                    let patience = self.worker.settings().timeouts.request_body;
                    if let Err(error) = client.receiver.fill(BODY_ROOM, patience).await {
                        return Err(self.body_stopped(&error));
                    }
                }
                Progress::End => {
                    inspection.end(&mut self.transaction);
                    break;
                }
            }
        }
        match self.transaction.request_body_end() {
            BodyProgress::Reject(verdict) => Err(Stop::Verdict(verdict)),
            _ => Ok(()),
        }
    }

    /// Forwards what rules have made of the body, where they have rewritten it. A compressed body is left alone.
    pub(crate) fn rewrite_request_body(&mut self, body: &mut RequestBody) -> Result<(), Stop> {
        let Some(new) = self.transaction.rewritten_request_body().filter(|_| !body.is_decoded) else {
            return Ok(());
        };
        if !self.held.grow(new.bytes.len()) {
            return Err(Stop::Error { status: 503, why: self.too_much_held() });
        }
        let in_memory = self.transaction.rule_set().settings().request_body_in_memory_limit;
        body.rewrite(new, in_memory, self.spool_directory()).map_err(|error| {
            self.spool_failed(&error);
            Stop::Error { status: 500, why: format!("cannot spool the request body: {error}") }
        })
    }

    fn spool(&mut self, spool: &mut Spool, piece: &[u8]) -> Result<(), Stop> {
        let limits = &self.worker.settings().limits;
        if spool.length() + piece.len() as u64 > limits.spooled_body {
            let why = format!("the request body is larger than {} bytes", limits.spooled_body);
            return Err(Stop::Error { status: 413, why });
        }
        if !self.held.grow(piece.len()) {
            return Err(Stop::Error { status: 503, why: self.too_much_held() });
        }
        let in_memory = self.transaction.rule_set().settings().request_body_in_memory_limit;
        let directory = self.spool_directory();
        spool.append(piece, in_memory, directory).map_err(|error| {
            self.spool_failed(&error);
            Stop::Error { status: 500, why: format!("cannot spool the request body: {error}") }
        })
    }

    /// Where bodies are spooled.
    fn spool_directory(&self) -> &Path {
        let rules = self.transaction.rule_set().settings();
        rules.tmp_dir.as_ref().map_or(self.worker.settings().spool_directory.as_path(), |dir| dir.as_ref())
    }

    /// Tells that a spool cannot be written or read.
    pub(crate) fn spool_failed(&self, error: &io::Error) {
        let directory = self.spool_directory().to_owned();
        self.worker.notice(Notice::SpoolFailed { directory, reason: error.to_string() });
    }

    /// Why an exchange that wants to hold more is answered 503.
    pub(crate) fn too_much_held(&self) -> String {
        let limit = self.worker.settings().limits.inspected_bodies_per_worker;
        format!("a worker holds {limit} bytes of bodies for its rules, the most it may")
    }

    /// The texts are those httpd gives ModSecurity for its log line.
    fn body_broken(&mut self, error: BodyError) -> Stop {
        self.transaction.request_body_broken("HTTP Error 413 - Request entity too large. (Most likely.)");
        Stop::Error { status: error.status(), why: format!("the request body is broken: {error}") }
    }

    fn body_stopped(&mut self, error: &LinkError) -> Stop {
        let timed_out = matches!(error, LinkError::TimedOut);
        self.transaction.request_body_broken(if timed_out {
            "The timeout specified has expired"
        } else {
            "Partial results are valid but processing is incomplete"
        });
        let why = format!("the client stopped in the middle of the request body: {error}");
        Stop::Error { status: if timed_out { 408 } else { 400 }, why }
    }
}
