//! The response body on its way to the client: how it is framed there, and passing it on.
//!
//! `Content-Length: 5` stays that; chunked stays chunked, with the chunks as they happen to come; a body that ends with
//! the origin's connection becomes chunked, or ends with the client's connection where the client is of HTTP/1.0.

use std::time::Duration;

use portcullis_engine::Injection;
use portcullis_http1::{BodyError, Framing, Known, RequestHead, ResponseHead, write};

use crate::body_reader::{BodyReader, Progress};
use crate::connection::After;
use crate::driver::Driver;
use crate::link::{LinkError, Receiver, Sender};
use crate::request_body::BODY_ROOM;
use crate::response::{Failed, client_gone};

/// How the client finds the end of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framed {
    /// There is none; the length that is announced all the same (HEAD, 304).
    Nothing(Option<u64>),
    /// By its length.
    Length(u64),
    /// It is chunked.
    Chunked,
    /// It ends with the connection.
    UntilClose,
}

impl Framed {
    /// The framing towards the client of an answer whose body is framed as `framing`; `changed` when bytes are added.
    pub(crate) fn new(
        request: &RequestHead,
        response: &ResponseHead,
        framing: Framing,
        changed: bool,
    ) -> Self {
        let modern = request.version() >= (1, 1);
        match framing {
            Framing::None => {
                let announces = response.status() >= 200 && response.status() != 204;
                Self::Nothing(response.announced_length().filter(|_| announces))
            }
            _ if request.is_http09() => Self::UntilClose,
            Framing::Length(length) if !changed => Self::Length(length),
            _ if modern => Self::Chunked,
            _ => Self::UntilClose,
        }
    }

    /// Whether the connection must end for the body to end.
    pub(crate) fn ends_connection(self) -> bool {
        self == Self::UntilClose
    }

    /// Appends the framing field.
    pub(crate) fn write_field(self, out: &mut Vec<u8>) {
        match self {
            Self::Nothing(Some(length)) | Self::Length(length) => write::length(out, length),
            Self::Chunked => write::chunked(out),
            Self::Nothing(None) | Self::UntilClose => {}
        }
    }

    /// What follows when the body breaks off: the client must see that it is not whole.
    fn after_a_break(self) -> After {
        if self == Self::UntilClose { After::Reset } else { After::Close }
    }
}

/// The origin's body has broken off.
#[derive(Debug)]
pub(crate) struct Interrupted {
    status: u16,
    why: String,
}

impl From<BodyError> for Interrupted {
    fn from(error: BodyError) -> Self {
        Self { status: 502, why: format!("the body of the origin's answer is broken: {error}") }
    }
}

impl From<LinkError> for Interrupted {
    fn from(error: LinkError) -> Self {
        let status = if matches!(error, LinkError::TimedOut) { 504 } else { 502 };
        Self { status, why: format!("the body of the origin's answer broke off: {error}") }
    }
}

impl Interrupted {
    /// When the client has seen nothing yet.
    pub(crate) fn before_head(self) -> Failed {
        Failed::NoAnswer { status: self.status, why: self.why }
    }

    fn after_head(self, framed: Framed) -> Failed {
        Failed::CutShort { why: self.why, after: framed.after_a_break() }
    }
}

/// Receives more of a body, or its end.
pub(crate) async fn receive(
    receiver: &mut Receiver<'_>,
    body: &mut BodyReader,
    patience: Duration,
) -> Result<(), Interrupted> {
    match receiver.fill(BODY_ROOM, patience).await {
        Ok(()) => Ok(()),
        Err(LinkError::Closed) => Ok(body.end_of_input()?),
        Err(error) => Err(error.into()),
    }
}

impl Driver<'_> {
    /// Sends what was held back and then the rest as it comes, behind the head that waits in `client`.
    pub(crate) async fn relay(
        &mut self,
        receiver: &mut Receiver<'_>,
        body: &mut BodyReader,
        framed: Framed,
        held: &[u8],
        injection: Option<&Injection>,
        client: &mut Sender<'_>,
    ) -> Result<(), Failed> {
        let before = client.sent;
        if let Some(injection) = injection {
            self.send(client, framed, &injection.start).await?;
        }
        self.send(client, framed, held).await?;
        loop {
            let progress = body.advance(receiver.inbound).map_err(Interrupted::from);
            match progress.map_err(|broken| self.broken_off(client, before, framed, broken))? {
                Progress::Data => self.send(client, framed, body.piece(receiver.inbound)).await?,
                Progress::NeedMore => {
                    client.flush().await.map_err(|error| client_gone(&error))?;
                    let patience = self.worker.settings().timeouts.answer_body;
                    let received = receive(receiver, body, patience).await;
                    received.map_err(|broken| self.broken_off(client, before, framed, broken))?;
                }
                Progress::End => break,
            }
        }
        if let Some(injection) = injection {
            self.send(client, framed, &injection.end).await?;
        }
        if framed == Framed::Chunked {
            client.out.extend_from_slice(b"0\r\n");
            // A field that frames or routes has no business behind the body (RFC 9110, 6.5.1).
            let harmless = |name: &[u8]| {
                let known = Known::of(name);
                !known.is_hop_by_hop() && known != Known::Host
            };
            for (name, value) in body.trailers().filter(|(name, _)| harmless(name)) {
                write::field(client.out, name, value);
            }
            client.out.extend_from_slice(b"\r\n");
        }
        client.flush().await.map_err(|error| client_gone(&error))
    }

    /// What has not left yet can still be replaced by an error page.
    fn broken_off(
        &mut self,
        client: &mut Sender<'_>,
        before: u64,
        framed: Framed,
        broken: Interrupted,
    ) -> Failed {
        if client.sent != before {
            return broken.after_head(framed);
        }
        client.out.clear();
        (self.status, self.body_bytes_sent) = (None, 0);
        broken.before_head()
    }

    async fn send(&mut self, client: &mut Sender<'_>, framed: Framed, piece: &[u8]) -> Result<(), Failed> {
        // A chunk of size 0 would end the body.
        if piece.is_empty() {
            return Ok(());
        }
        if framed == Framed::Chunked {
            write::chunk_size(client.out, piece.len());
        }
        client.push(piece).await.map_err(|error| client_gone(&error))?;
        if framed == Framed::Chunked {
            client.out.extend_from_slice(b"\r\n");
        }
        self.body_bytes_sent += piece.len() as u64;
        Ok(())
    }
}
