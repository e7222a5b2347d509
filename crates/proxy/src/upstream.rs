//! Connections to the origin: resolving, connecting, and whether it is up.
//!
//! `connect(app:9000)` tries the addresses of the name in the order the system gives them, all within one time-out.
//! That the origin went down, or came back, is told once, by whichever worker notices first.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use portcullis_http1::{Inbound, Limits, ResponseReader};
use socket2::SockRef;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::observer::Notice;
use crate::settings::UpstreamAddress;
use crate::timer::Timer;
use crate::worker::Worker;

/// What a connection keeps of a large receive buffer between two requests.
const KEPT_BUFFER: usize = 32 * 1024;

/// A connection to an origin, with its buffers. It is boxed where it changes hands, since it is large.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) stream: TcpStream,
    pub(crate) address: SocketAddr,
    pub(crate) inbound: Inbound,
    pub(crate) reader: ResponseReader,
    pub(crate) out: Vec<u8>,
    pub(crate) reading: Rc<Timer>,
    pub(crate) writing: Rc<Timer>,
    /// It has served a request before, so the origin may just be closing it.
    pub(crate) reused: bool,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The name has no address, or the lookup failed.
    #[error("cannot resolve the name: {0}")]
    Resolve(io::Error),
    /// No address accepts; the reason is that of the last one.
    #[error("{0}")]
    Refused(io::Error),
    /// It took too long.
    #[error("connecting timed out")]
    TimedOut,
}

impl ConnectError {
    /// The status the client gets.
    pub(crate) fn status(&self) -> u16 {
        if matches!(self, ConnectError::TimedOut) { 504 } else { 502 }
    }
}

/// Connects to an origin.
pub(crate) async fn connect(worker: &Worker, to: &UpstreamAddress) -> Result<Box<Upstream>, ConnectError> {
    let stream =
        timeout(worker.settings().timeouts.connect, open(to)).await.map_err(|_| ConnectError::TimedOut)??;
    let _ = stream.set_nodelay(true);
    let address = stream.peer_addr().map_err(ConnectError::Refused)?;
    Ok(Box::new(Upstream {
        stream,
        address,
        inbound: Inbound::default(),
        reader: ResponseReader::new(Limits::for_responses()),
        out: Vec::new(),
        reading: worker.timers.timer(),
        writing: worker.timers.timer(),
        reused: false,
    }))
}

async fn open(to: &UpstreamAddress) -> Result<TcpStream, ConnectError> {
    if let Ok(address) = to.host.parse::<IpAddr>() {
        return TcpStream::connect((address, to.port)).await.map_err(ConnectError::Refused);
    }
    let addresses = lookup_host((to.host.as_str(), to.port)).await.map_err(ConnectError::Resolve)?;
    let mut last = ConnectError::Resolve(io::ErrorKind::NotFound.into());
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = ConnectError::Refused(error),
        }
    }
    Err(last)
}

impl Upstream {
    /// Whether the origin has closed it, or sent something nobody asked for, since it was last used.
    pub(crate) fn is_stale(&self, context: &mut Context<'_>) -> bool {
        match self.stream.poll_read_ready(context) {
            Poll::Pending => false,
            Poll::Ready(Err(_)) => true,
            Poll::Ready(Ok(())) => {
                !matches!(self.stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
        }
    }

    /// As [`Upstream::is_stale`], asking the system instead of what the runtime has heard.
    pub(crate) fn is_stale_by_now(&self) -> bool {
        let peeked = SockRef::from(&self.stream).peek(&mut [std::mem::MaybeUninit::uninit()]);
        !matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Makes it ready to wait for another request.
    pub(crate) fn rest(&mut self) {
        self.reused = true;
        self.inbound.shrink(KEPT_BUFFER);
        self.reader.shrink(KEPT_BUFFER);
        self.out.clear();
        self.out.shrink_to(KEPT_BUFFER);
    }
}

/// Whether the origin was reachable when it was last tried.
#[derive(Debug, Default)]
pub(crate) struct Health {
    down: AtomicBool,
}

impl Health {
    /// It could not be reached.
    pub(crate) fn failed(&self, worker: &Worker, error: &ConnectError) {
        if !self.down.swap(true, Ordering::Relaxed) {
            let upstream = worker.settings().upstream.to_string();
            worker.notice(Notice::UpstreamDown { upstream, reason: error.to_string() });
        }
    }

    /// It has been reached.
    pub(crate) fn succeeded(&self, worker: &Worker) {
        if self.down.load(Ordering::Relaxed) && self.down.swap(false, Ordering::Relaxed) {
            worker.notice(Notice::UpstreamUp { upstream: worker.settings().upstream.to_string() });
        }
    }
}
