//! Sending a request to the origin and bringing back its answer.
//!
//! Request and answer flow at the same time ([`duplex`]): an origin may answer before it has read everything, and must
//! not be made to wait. A request that met a connection the origin was just closing is sent once more on a fresh one,
//! if it is idempotent, its body is still there, and nothing of an answer has come.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use crate::connection::{After, Client};
use crate::driver::{Destination, Driver, Stop};
use crate::forwarding::Forwarding;
use crate::link::{LinkError, Receiver, Sender};
use crate::observer::UpstreamShare;
use crate::request_body::{RequestBody, UploadError};
use crate::response::{Delivered, Failed, Origin};
use crate::target::Target;
use crate::tunnel;
use crate::upstream::{self, Upstream};

/// How sending a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upload {
    /// Under way.
    Running,
    /// Everything has been sent.
    Done,
    /// The origin takes no more.
    Refused,
}

impl Driver<'_> {
    /// Forwards the request and answers the client.
    pub(crate) async fn forward(
        &mut self,
        client: &mut Client<'_>,
        body: &mut RequestBody,
        destination: &Destination,
    ) -> After {
        let target = match Target::new(destination, &self.worker.settings().upstream, self.head.query()) {
            Ok(target) => target,
            Err(why) => return self.fail(client, body, 502, why).await,
        };
        let mut fresh = !target.pooled;
        loop {
            let upstream = match self.upstream(&target, fresh).await {
                Ok(upstream) => upstream,
                Err(error) => {
                    let why = format!("no connection to the origin {}: {error}", target.address);
                    return self.fail(client, body, error.status(), why).await;
                }
            };
            if let Err(stop) = body.invite(client).await {
                return self.stop(&mut client.sender, false, stop).await;
            }
            match self.attempt(client, body, &target, upstream, fresh).await {
                Some(after) => return after,
                None => fresh = true,
            }
        }
    }

    async fn fail(
        &mut self,
        client: &mut Client<'_>,
        body: &mut RequestBody,
        status: u16,
        why: String,
    ) -> After {
        let settled = body.settle(client.receiver.inbound);
        self.stop(&mut client.sender, settled, Stop::Error { status, why }).await
    }

    /// Sends the request on this connection; `None` when it is worth another try.
    async fn attempt(
        &mut self,
        client: &mut Client<'_>,
        body: &mut RequestBody,
        target: &Target<'_>,
        mut upstream: Box<Upstream>,
        fresh: bool,
    ) -> Option<After> {
        let begun = Instant::now();
        self.upstream = Some(UpstreamShare { address: upstream.address, status: None, duration_micros: 0 });
        self.write_request(&mut upstream.out, client, body, target);
        let timeouts = &self.worker.settings().timeouts;
        let Upstream { stream, inbound, reader, out, reading, writing, .. } = &mut *upstream;
        let (read, write) = stream.split();
        let mut to = Sender::new(write, out, writing, timeouts.upstream_write);
        let mut origin = Origin { receiver: Receiver::new(read, inbound, reading), reader };
        let state = Cell::new(Upload::Running);
        let outcome = duplex(
            body.upload(&mut client.receiver, &mut to, self.worker.settings()),
            self.download(&mut origin, &mut client.sender, &state),
            &state,
        )
        .await;
        let after = match outcome {
            Ok(Ok(Delivered { reusable, after })) => {
                if reusable && target.pooled && state.get() == Upload::Done {
                    self.worker.pool.give(upstream, &self.worker.timers, timeouts.upstream_idle);
                }
                Some(after)
            }
            Ok(Err(Failed::Switching)) => Some(self.switch(client, &mut origin, &mut to).await),
            Ok(Err(Failed::Silent(_)))
                if upstream.reused && !fresh && self.is_idempotent() && body.can_be_repeated() =>
            {
                None
            }
            Ok(Err(failed)) => Some(self.failed_download(client, body, failed).await),
            Err(error) => Some(self.failed_upload(client, error).await),
        };
        if let Some(share) = &mut self.upstream {
            share.duration_micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        }
        after
    }

    async fn failed_download(
        &mut self,
        client: &mut Client<'_>,
        body: &mut RequestBody,
        failed: Failed,
    ) -> After {
        match failed {
            Failed::Silent(error) => {
                let why = format!("the origin closed the connection without an answer: {error}");
                self.fail(client, body, 502, why).await
            }
            Failed::NoAnswer { status, why } => self.fail(client, body, status, why).await,
            Failed::Verdict(verdict) => {
                let settled = body.settle(client.receiver.inbound);
                self.answer_verdict(&mut client.sender, settled, verdict, false).await
            }
            Failed::CutShort { why, after } => {
                self.failed(why);
                after
            }
            Failed::ClientGone { why } => {
                self.failed(why);
                After::Reset
            }
            Failed::Switching => After::Close,
        }
    }

    async fn failed_upload(&mut self, client: &mut Client<'_>, error: UploadError) -> After {
        let (status, why) = match error {
            UploadError::Client { status, why } => (status, why),
            UploadError::Origin(LinkError::TimedOut) => {
                (504, "the origin does not take the request in time".to_owned())
            }
            UploadError::Origin(error) => (502, format!("the origin takes no more of the request: {error}")),
            UploadError::Spool(error) => {
                self.spool_failed(&error);
                (500, format!("cannot read the spooled request body: {error}"))
            }
        };
        if self.status.is_some() {
            // The answer has begun; what is missing of it will not come.
            self.failed(why);
            return After::Reset;
        }
        self.stop(&mut client.sender, false, Stop::Error { status, why }).await
    }

    /// After 101: both sides speak the new protocol until one ends.
    async fn switch(
        &mut self,
        client: &mut Client<'_>,
        origin: &mut Origin<'_>,
        to: &mut Sender<'_>,
    ) -> After {
        self.write_switching_head(client.sender.out, origin.reader.head());
        self.status = Some(101);
        let timers = (&*self.worker.timers, self.worker.settings().timeouts.tunnel);
        Box::pin(tunnel::run(client, &mut origin.receiver, to, timers)).await;
        After::Close
    }

    /// A request that may be sent twice without doing twice what it does (RFC 9110, 9.2.2).
    fn is_idempotent(&self) -> bool {
        let idempotent: [&[u8]; 6] = [b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"];
        idempotent.contains(&self.head.method())
    }

    fn write_request(&self, out: &mut Vec<u8>, client: &Client<'_>, body: &RequestBody, target: &Target<'_>) {
        let forwarding = Forwarding {
            edited: self.transaction.edited_request_headers(),
            target: target.path.as_deref(),
            host: target.address.as_ref(),
            peer: &client.peer_text,
            trusted: client.is_trusted,
            id: self.told_id(),
            plain_answers: self.transaction.rule_set().settings().disable_backend_compression,
            framing: body.framing(),
        };
        forwarding.write(out, self.head);
    }

    /// A connection: one of the pool unless it must be fresh.
    async fn upstream(
        &self,
        target: &Target<'_>,
        fresh: bool,
    ) -> Result<Box<Upstream>, upstream::ConnectError> {
        if !fresh && let Some(upstream) = self.worker.pool.take() {
            return Ok(upstream);
        }
        let connected = Box::pin(upstream::connect(self.worker, &target.address)).await;
        if target.pooled {
            match &connected {
                Ok(_) => self.worker.shared.health.succeeded(self.worker),
                Err(error) => self.worker.shared.health.failed(self.worker, error),
            }
        }
        connected
    }
}

/// Runs sending and receiving side by side until the answer is complete or cannot be. What the origin does not want to
/// read is no failure as long as it answers.
async fn duplex(
    upload: impl Future<Output = Result<(), UploadError>>,
    download: impl Future<Output = Result<Delivered, Failed>>,
    state: &Cell<Upload>,
) -> Result<Result<Delivered, Failed>, UploadError> {
    let (mut upload, mut download) = (pin!(upload), pin!(download));
    poll_fn(|context| {
        if state.get() == Upload::Running {
            match upload.as_mut().poll(context) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => state.set(Upload::Done),
                Poll::Ready(Err(UploadError::Origin(LinkError::Closed | LinkError::Io(_)))) => {
                    state.set(Upload::Refused);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
        download.as_mut().poll(context).map(Ok)
    })
    .await
}
