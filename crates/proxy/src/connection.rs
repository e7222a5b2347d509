//! A client's connection: reads request heads one after the other and has each request served, until one of them ends
//! the connection, the client goes, or nothing comes.
//!
//! Pipelined requests wait in the receive buffer until the answer before them has been sent. A client that stops in
//! the middle of a head is answered 408; one that says nothing holds a socket and no buffer.

use std::net::SocketAddr;
use std::time::Duration;

use portcullis_engine::ConnectionState;
use portcullis_http1::{Inbound, RequestHead, RequestReader, write};
use tokio::net::TcpStream;

use crate::driver;
use crate::error_page::Page;
use crate::forwarding;
use crate::health;
use crate::link::{LinkError, Receiver, Sender};
use crate::observer::Notice;
use crate::standing::Standing;
use crate::worker::Worker;

/// How much is read at once while a head is expected.
const HEAD_ROOM: usize = 8 * 1024;
/// What an idle connection keeps of each of its buffers.
const KEPT_BUFFER: usize = 4 * 1024;
/// How much is thrown away at most after the last answer.
const LINGER_BYTES: u64 = 1 << 20;

/// A client and both directions of its connection.
pub(crate) struct Client<'a> {
    pub(crate) receiver: Receiver<'a>,
    pub(crate) sender: Sender<'a>,
    pub(crate) peer: SocketAddr,
    /// The peer's address as text.
    pub(crate) peer_text: String,
    /// The peer is a proxy whose word is taken.
    pub(crate) is_trusted: bool,
    pub(crate) local: SocketAddr,
}

/// What follows an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// The next request.
    KeepAlive,
    /// Nothing: the answer was the last one.
    Close,
    /// Nothing, and what was sent must not look like the whole of an answer.
    Reset,
}

/// What `Connection` says in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// Nothing: the connection stays, as HTTP/1.1 has it.
    Stays,
    /// `keep-alive`, for a client of HTTP/1.0 that asked for it.
    Kept,
    /// `close`.
    Close,
}

impl Persistence {
    /// For an answer to this request.
    pub(crate) fn new(head: &RequestHead, stays: bool) -> Self {
        match stays {
            false => Self::Close,
            true if head.version() >= (1, 1) => Self::Stays,
            true => Self::Kept,
        }
    }

    /// Appends the field.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Stays => {}
            Self::Kept => write::field(out, b"Connection", b"keep-alive"),
            Self::Close => write::field(out, b"Connection", b"close"),
        }
    }

    /// What follows the answer.
    pub(crate) fn after(self) -> After {
        if self == Self::Close { After::Close } else { After::KeepAlive }
    }
}

/// What comes on a connection.
enum Next {
    /// A head is complete, or as complete as it will ever be.
    Head {
        /// It is not complete, and the client stopped sending.
        timed_out: bool,
    },
    /// Nothing.
    Nothing,
    /// A part of a request line, and no more of it in time.
    Stalled,
}

/// Serves a connection to its end.
pub(crate) async fn serve(worker: &Worker, mut stream: TcpStream, peer: SocketAddr, local: SocketAddr) {
    let Some(standing) = Standing::begin(worker, peer) else { return };
    let (reading, writing) = (worker.timers.timer(), worker.timers.timer());
    let (mut inbound, mut out) = (Inbound::default(), Vec::new());
    let (read, write) = stream.split();
    let patience = worker.settings().timeouts.client_write;
    let mut client = Client {
        receiver: Receiver::new(read, &mut inbound, &reading),
        sender: Sender::new(write, &mut out, &writing, patience),
        peer,
        peer_text: peer.ip().to_canonical().to_string(),
        is_trusted: forwarding::is_trusted_peer(peer.ip(), worker.settings()),
        local,
    };
    let mut reader = RequestReader::new(worker.settings().http.clone());
    loop {
        let timed_out = match next(worker, &mut client, &mut reader, &standing).await {
            Next::Head { timed_out } => timed_out,
            Next::Nothing => return,
            Next::Stalled => {
                worker.notice(Notice::UnfinishedRequestLine { client: peer });
                let _ = bare_timeout(worker, &mut client).await;
                return linger(worker, &mut client).await;
            }
        };
        standing.is(Some(ConnectionState::Writing));
        let after = if !timed_out && health::is_asked(worker.settings(), reader.head()) {
            health::answer(worker, &mut client, reader.head()).await
        } else {
            driver::run(worker, &mut client, reader.head(), timed_out).await
        };
        match after {
            After::KeepAlive => standing.is(None),
            After::Close => return linger(worker, &mut client).await,
            After::Reset => {
                let _ = client.receiver.stream().set_zero_linger();
                return;
            }
        }
    }
}

/// Waits for the next head.
async fn next(
    worker: &Worker,
    client: &mut Client<'_>,
    reader: &mut RequestReader,
    standing: &Standing<'_>,
) -> Next {
    let timeouts = &worker.settings().timeouts;
    let receiver = &mut client.receiver;
    let mut begun = false;
    loop {
        if reader.read(receiver.inbound).is_some() {
            return Next::Head { timed_out: false };
        }
        let filled = if begun || reader.is_inside(receiver.inbound) {
            if !std::mem::replace(&mut begun, true) {
                receiver.timer.set(timeouts.request_head);
            }
            receiver.fill_until_due(HEAD_ROOM).await
        } else {
            receiver.inbound.shrink(0);
            reader.shrink(KEPT_BUFFER);
            if client.sender.out.capacity() > KEPT_BUFFER {
                *client.sender.out = Vec::new();
            }
            let patience = if worker.is_draining() { Duration::ZERO } else { timeouts.keep_alive };
            receiver.fill_from_idle(HEAD_ROOM, patience).await
        };
        match filled {
            Ok(()) => standing.is(Some(ConnectionState::Reading)),
            Err(LinkError::TimedOut) if reader.end(receiver.inbound).is_some() => {
                return Next::Head { timed_out: true };
            }
            Err(LinkError::TimedOut) if reader.is_inside(receiver.inbound) => return Next::Stalled,
            Err(LinkError::Closed) if reader.end(receiver.inbound).is_some() => {
                return Next::Head { timed_out: false };
            }
            Err(_) => return Next::Nothing,
        }
    }
}

/// 408 for a client whose request has no method yet.
async fn bare_timeout(worker: &Worker, client: &mut Client<'_>) -> Result<(), LinkError> {
    let page = Page::error(408).with_body_of(&worker.shared.rules.pages());
    page.write_head(client.sender.out, worker.now(), None, Persistence::Close, b"");
    client.sender.push(&page.body).await?;
    client.sender.flush().await
}

/// Ends a connection so that the client can still read the last answer: closing a socket with unread bytes resets it,
/// and the reset overtakes the answer.
async fn linger(worker: &Worker, client: &mut Client<'_>) {
    let receiver = &mut client.receiver;
    client.sender.end().await;
    receiver.timer.set(worker.settings().timeouts.linger);
    let limit = receiver.received + LINGER_BYTES;
    loop {
        receiver.inbound.consume(usize::MAX);
        if receiver.received > limit || receiver.fill_until_due(HEAD_ROOM).await.is_err() {
            return;
        }
    }
}
