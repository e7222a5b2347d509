//! Accepting connections: from each listener of a worker in turn, as long as there is room.
//!
//! What the system refuses (no descriptors, no memory) pauses accepting for a moment; connections wait in its queue. A
//! state that lasts is told now and then, not at every turn.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::observer::Notice;
use crate::worker::Worker;

/// How long accepting pauses after an error: those of the system do not pass at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often a state that lasts is told.
const TOLD_AGAIN: Duration = Duration::from_secs(10);

/// A socket that listens, and on what.
pub(crate) struct Listener {
    socket: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Listener {
    /// Takes over a socket that has been bound.
    pub(crate) fn new(socket: std::net::TcpListener) -> io::Result<Self> {
        let address = socket.local_addr()?;
        Ok(Self { socket: TcpListener::from_std(socket)?, address })
    }
}

/// Accepts for ever.
pub(crate) async fn forever(worker: &Rc<Worker>, listeners: &[Listener]) {
    let mut first = 0;
    let (limit_told, failure_told) = (Told::default(), Told::default());
    loop {
        while !worker.has_room() {
            if limit_told.is_due(worker) {
                let limit = worker.settings().limits.connections_per_worker;
                worker.notice(Notice::ConnectionLimit { limit });
            }
            worker.connection_ended.notified().await;
        }
        let (index, listener, accepted) = poll_fn(|context| {
            // Begin behind the listener that was served last, so that none starves.
            let (before, from) = listeners.split_at(first.min(listeners.len()));
            for (index, listener) in (first..).zip(from).chain((0..).zip(before)) {
                if let Poll::Ready(accepted) = listener.socket.poll_accept(context) {
                    return Poll::Ready((index, listener, accepted));
                }
            }
            Poll::Pending
        })
        .await;
        first = (index + 1) % listeners.len();
        match accepted {
            Ok((stream, client)) => worker.start(stream, client, listener),
            Err(error) if is_clients_fault(&error) => {}
            Err(error) => {
                if failure_told.is_due(worker) {
                    let (address, reason) = (listener.address, error.to_string());
                    worker.notice(Notice::AcceptFailed { address, reason });
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// When a notice was given last: what goes on for long is told now and then, not each time.
#[derive(Default)]
struct Told(Cell<Option<Instant>>);

impl Told {
    /// Whether it is time to tell again; if so it counts as told.
    fn is_due(&self, worker: &Worker) -> bool {
        let now = worker.now().instant;
        let due = self.0.get().is_none_or(|last| now.duration_since(last) >= TOLD_AGAIN);
        if due {
            self.0.set(Some(now));
        }
        due
    }
}

/// The client was gone before its connection was taken.
fn is_clients_fault(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Takes what the system has already accepted: closing the listeners would reset those connections.
pub(crate) fn waiting(worker: &Rc<Worker>, listeners: &[Listener]) {
    let mut context = Context::from_waker(Waker::noop());
    for listener in listeners {
        while let Poll::Ready(Ok((stream, client))) = listener.socket.poll_accept(&mut context) {
            worker.start(stream, client, listener);
        }
    }
}
