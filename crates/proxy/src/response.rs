//! The origin's answer on its way to the client: head, phase 3, body, phase 4, and only then the first byte.
//!
//! Interim answers (1xx) are passed on at once. When rules want the body, it is held back until phase 4 has passed;
//! otherwise phase 4 runs before the body and the body streams, with the origin waiting for a slow client. An answer
//! that breaks off after its head has been sent ends the client's connection, so that it is never taken for whole.

use std::cell::Cell;

use portcullis_engine::record::EngineMode;
use portcullis_engine::{BodyPlan, BodyProgress, Injection, Phase, Verdict};
use portcullis_http1::write::{self, HopByHop};
use portcullis_http1::{Framing, Known, ResponseHead, ResponseReader};

use crate::body_reader::{BodyReader, Progress};
use crate::connection::{After, Persistence};
use crate::decompress::is_identity;
use crate::driver::Driver;
use crate::forward::Upload;
use crate::inspection::Inspection;
use crate::link::{LinkError, Receiver, Sender};
use crate::request_body::BODY_ROOM;
use crate::response_body::{self, Framed, Interrupted};

/// How much is read at once while a head is expected: most answers come whole.
const HEAD_ROOM: usize = 16 * 1024;
/// Interim answers passed on before something must be wrong.
const MOST_INTERIM: usize = 32;

/// The receiving side of an origin's connection.
pub(crate) struct Origin<'a> {
    pub(crate) receiver: Receiver<'a>,
    pub(crate) reader: &'a mut ResponseReader,
}

/// An answer that has been sent.
#[derive(Debug)]
pub(crate) struct Delivered {
    /// The origin takes another request on its connection.
    pub(crate) reusable: bool,
    /// What follows for the client.
    pub(crate) after: After,
}

/// Why an answer has not been sent, or not to its end.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The origin ended the connection without a byte.
    Silent(LinkError),
    /// There is no usable answer, and the client has seen nothing.
    NoAnswer { status: u16, why: String },
    /// The rules stop it; the client has seen nothing.
    Verdict(Verdict),
    /// The origin broke off; the client has seen a part.
    CutShort { why: String, after: After },
    /// The client takes no more.
    ClientGone { why: String },
    /// The origin has agreed to another protocol, and the rules have let it pass.
    Switching,
}

impl Driver<'_> {
    /// Receives the answer and passes it on. `upload` tells how sending the request stands.
    pub(crate) async fn download(
        &mut self,
        origin: &mut Origin<'_>,
        client: &mut Sender<'_>,
        upload: &Cell<Upload>,
    ) -> Result<Delivered, Failed> {
        self.receive_head(origin, client, upload).await?;
        let head = origin.reader.head();
        self.tell_response(head);
        passed(self.phase(Phase::ResponseHeaders).await)?;
        let framing = head.framing(self.head.method());
        let mut body = BodyReader::new(framing);
        let mut held = Vec::new();
        match self.transaction.response_body_plan() {
            BodyPlan::Skip => {}
            BodyPlan::Inspect => {
                held = self.hold_back(&mut origin.receiver, &mut body, content_coding(head)).await?;
            }
            BodyPlan::Reject(verdict) => return Err(Failed::Verdict(verdict)),
        }
        let _ = self.transaction.response_body_end();
        passed(self.phase(Phase::ResponseBody).await)?;
        if head.status() == 101 {
            return Err(Failed::Switching);
        }
        let injection = self.injection(head, framing);
        if injection.is_some() {
            self.transaction.trace_injection();
        }
        let is_rewritten = self.rewrite(head, framing, &mut held);
        let is_changed = injection.is_some() || is_rewritten;
        let framed = Framed::new(self.head, head, framing, is_changed);
        let stays = upload.get() == Upload::Done && self.head.keep_alive() && !self.worker.is_draining();
        let persistence = Persistence::new(self.head, stays && !framed.ends_connection());
        if !self.head.is_http09() {
            self.write_head(client.out, head, framed, persistence, is_changed);
        }
        self.status = Some(head.status());
        self.relay(&mut origin.receiver, &mut body, framed, &held, injection.as_ref(), client).await?;
        let reusable = head.keep_alive()
            && !head.may_be_followed(self.head.method())
            && origin.receiver.inbound.is_empty();
        Ok(Delivered { reusable, after: persistence.after() })
    }

    /// Receives heads until one is no interim answer.
    async fn receive_head(
        &mut self,
        origin: &mut Origin<'_>,
        client: &mut Sender<'_>,
        upload: &Cell<Upload>,
    ) -> Result<(), Failed> {
        let no_answer = |why: String| Err(Failed::NoAnswer { status: 502, why });
        let mut interim = 0;
        loop {
            match origin.reader.read(origin.receiver.inbound) {
                Ok(None) => self.receive_more(&mut origin.receiver, upload).await?,
                Err(error) => return no_answer(format!("the origin's answer is broken: {error}")),
                Ok(Some(head)) => {
                    let status = head.status();
                    if status == 101 && !self.was_offered(head) {
                        return no_answer("the origin switches protocols unasked".to_owned());
                    }
                    if status == 101 || status >= 200 {
                        if let Some(share) = &mut self.upstream {
                            share.status = Some(status);
                        }
                        return Ok(());
                    }
                    interim += 1;
                    if interim > MOST_INTERIM {
                        return no_answer("the origin sends interim answers without end".to_owned());
                    }
                    self.pass_interim(head, client).await?;
                }
            }
        }
    }

    /// Whether an origin switches to protocols that the client has asked for, and to nothing else.
    fn was_offered(&self, head: &ResponseHead) -> bool {
        let offered = |taken: &[u8]| self.head.upgrades().any(|one| one.eq_ignore_ascii_case(taken));
        self.head.wants_upgrade() && head.upgrades().next().is_some() && head.upgrades().all(offered)
    }

    async fn receive_more(&self, receiver: &mut Receiver<'_>, upload: &Cell<Upload>) -> Result<(), Failed> {
        let no_answer = |status, why: String| Err(Failed::NoAnswer { status, why });
        match receiver.fill(HEAD_ROOM, self.worker.settings().timeouts.answer).await {
            Ok(()) => Ok(()),
            // The time for answering begins when the request has been sent.
            Err(LinkError::TimedOut) if upload.get() == Upload::Running => Ok(()),
            Err(LinkError::TimedOut) => no_answer(504, "the origin does not answer in time".to_owned()),
            Err(error) if receiver.received == 0 => Err(Failed::Silent(error)),
            Err(error) => no_answer(502, format!("the origin's answer ended in its head: {error}")),
        }
    }

    /// 102, 103 and their like go to clients that know interim answers. 100 answers an `Expect` that was not sent on.
    async fn pass_interim(&self, head: &ResponseHead, client: &mut Sender<'_>) -> Result<(), Failed> {
        if head.status() == 100 || self.head.version() < (1, 1) {
            return Ok(());
        }
        let hops = HopByHop::new(head.known(Known::Connection));
        write::status_line(client.out, head.status(), head.reason());
        for (_, name, value) in head.fields().filter(|(known, name, _)| !hops.ends_here(*known, name)) {
            write::field(client.out, name, value);
        }
        write::end_of_head(client.out);
        client.flush().await.map_err(|error| client_gone(&error))
    }

    fn tell_response(&mut self, head: &ResponseHead) {
        self.transaction.response_head(head.protocol(), head.status(), head.reason());
        for (name, value) in head.headers() {
            self.transaction.response_header(name, value);
        }
    }

    /// Reads the body and feeds it to the transaction until its end, or until the transaction has enough. Yields what
    /// was read, as the origin sent it.
    async fn hold_back(
        &mut self,
        receiver: &mut Receiver<'_>,
        body: &mut BodyReader,
        coding: &[u8],
    ) -> Result<Vec<u8>, Failed> {
        let limit = self.transaction.rule_set().settings().response_body_limit;
        // Compressed bytes that never become anything would be held without end.
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(BODY_ROOM);
        let mut inspection = Inspection::new(self.worker, coding, limit);
        let mut held = Vec::new();
        loop {
            match body.advance(receiver.inbound).map_err(|error| Interrupted::from(error).before_head())? {
                Progress::Data => {
                    let piece = body.piece(receiver.inbound);
                    if !self.held.grow(piece.len()) {
                        return Err(Failed::NoAnswer { status: 503, why: self.too_much_held() });
                    }
                    held.extend_from_slice(piece);
                    match inspection.feed(&mut self.transaction, piece, &held) {
                        BodyProgress::Continue if held.len() <= most => {}
                        BodyProgress::Continue | BodyProgress::Enough => return Ok(held),
                        BodyProgress::Reject(verdict) => return Err(Failed::Verdict(verdict)),
                    }
                }
                Progress::NeedMore => {
                    let patience = self.worker.settings().timeouts.answer_body;
                    response_body::receive(receiver, body, patience)
                        .await
                        .map_err(Interrupted::before_head)?;
                }
                Progress::End => return Ok(held),
            }
        }
    }

    /// What `append` and `prepend` add to this answer. A compressed body is left alone, and so is everything in
    /// detection mode.
    fn injection(&self, head: &ResponseHead, framing: Framing) -> Option<Injection> {
        let injection = self.transaction.injection();
        if injection.start.is_empty() && injection.end.is_empty() {
            return None;
        }
        let plain = is_identity(content_coding(head));
        let applies = framing != Framing::None && plain && self.transaction.mode() == EngineMode::On;
        applies.then(|| injection.clone())
    }

    /// Puts what rules have made of the body in the place of what they inspected; true when they changed it. A compressed
    /// body is left alone.
    fn rewrite(&self, head: &ResponseHead, framing: Framing, held: &mut Vec<u8>) -> bool {
        let applies = framing != Framing::None && is_identity(content_coding(head));
        let Some(new) = self.transaction.rewritten_response_body().filter(|_| applies) else {
            return false;
        };
        let inspected = new.inspected.min(held.len());
        held.splice(..inspected, new.bytes.iter().copied());
        true
    }

    /// Appends the head of an agreement to another protocol.
    pub(crate) fn write_switching_head(&self, out: &mut Vec<u8>, head: &ResponseHead) {
        self.write_head(out, head, Framed::Nothing(None), Persistence::Stays, false);
    }

    /// Appends the head for the client: what the origin sent, without what ends at this hop, with framing of our own.
    fn write_head(
        &self,
        out: &mut Vec<u8>,
        head: &ResponseHead,
        framed: Framed,
        persistence: Persistence,
        injected: bool,
    ) {
        write::status_line(out, head.status(), head.reason());
        let hops = HopByHop::new(head.known(Known::Connection));
        let switches = head.status() == 101;
        let mut names_server = false;
        let id = self.told_id();
        let location = self.transaction.signed_location();
        let mut field = |known: Known, name: &[u8], value: &[u8]| {
            names_server |= known == Known::Other && name.eq_ignore_ascii_case(b"server");
            let stays = match known {
                Known::Upgrade => switches,
                Known::Trailer => framed == Framed::Chunked,
                Known::Other if id.is_some_and(|(field, _)| name.eq_ignore_ascii_case(field.as_bytes())) => {
                    false
                }
                Known::Other if injected && describes_the_body(name) => false,
                _ => !hops.ends_here(known, name),
            };
            let is_location = known == Known::Other && name.eq_ignore_ascii_case(b"location");
            let value = location.as_deref().filter(|_| is_location).unwrap_or(value);
            if stays {
                write::field(out, name, value);
            }
        };
        match self.transaction.edited_response_headers() {
            None => head.fields().for_each(|(known, name, value)| field(known, name, value)),
            Some(fields) => fields.iter().for_each(|(name, value)| field(Known::of(name), name, value)),
        }
        // What an origin calls itself stays; httpd adds its own name only where there is none.
        let server = &self.transaction.rule_set().settings().server_signature;
        if !names_server && !server.is_empty() {
            write::field(out, b"Server", server);
        }
        if let Some((field, id)) = id {
            write::field(out, field.as_bytes(), id.as_bytes());
        }
        if switches {
            write::field(out, b"Connection", b"upgrade");
        } else {
            framed.write_field(out);
            persistence.write(out);
        }
        write::end_of_head(out);
    }
}

/// The value of `Content-Encoding`, empty when absent. Several fields are as unknown as several codings in one.
fn content_coding(head: &ResponseHead) -> &[u8] {
    let mut values = head.headers().filter(|(name, _)| name.eq_ignore_ascii_case(b"content-encoding"));
    match (values.next(), values.next()) {
        (None, _) => b"",
        (Some((_, value)), None) => value,
        (Some(_), Some(_)) => b"several",
    }
}

/// Fields that are wrong once the body is changed; httpd's ModSecurity removes the same.
fn describes_the_body(name: &[u8]) -> bool {
    [&b"last-modified"[..], b"etag", b"expires"].iter().any(|other| name.eq_ignore_ascii_case(other))
}

fn passed(verdict: Verdict) -> Result<(), Failed> {
    if verdict == Verdict::Pass { Ok(()) } else { Err(Failed::Verdict(verdict)) }
}

pub(crate) fn client_gone(error: &LinkError) -> Failed {
    Failed::ClientGone { why: format!("the client is gone: {error}") }
}
