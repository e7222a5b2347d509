//! One direction of a connection, with its buffer and its deadline.
//!
//! [`Receiver::fill`] appends what has come to an `Inbound`; [`Sender`] collects small pieces and sends them together
//! with large ones in one system call. Client and origin connections are both made of these two.

use std::future::{Future as _, poll_fn};
use std::io::{self, IoSlice};
use std::pin::pin;
use std::task::ready;
use std::time::Duration;

use portcullis_http1::Inbound;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::timer::{TimedOut, Timer};

/// Pieces up to this size are copied together; larger ones are sent from where they lie.
const SMALL: usize = 16 * 1024;

/// Why a connection cannot be used further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The other side sent nothing more, or took nothing more, for too long.
    #[error("timed out")]
    TimedOut,
    /// The other side has ended its direction.
    #[error("connection closed")]
    Closed,
    /// The system says so.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The receiving direction.
#[derive(Debug)]
pub(crate) struct Receiver<'a> {
    half: ReadHalf<'a>,
    /// What has come and is not consumed.
    pub(crate) inbound: &'a mut Inbound,
    pub(crate) timer: &'a Timer,
    /// Bytes received so far.
    pub(crate) received: u64,
}

impl<'a> Receiver<'a> {
    pub(crate) fn new(half: ReadHalf<'a>, inbound: &'a mut Inbound, timer: &'a Timer) -> Self {
        Self { half, inbound, timer, received: 0 }
    }

    /// Appends what comes next, at least one byte, reading about `room` at once.
    pub(crate) async fn fill(&mut self, room: usize, patience: Duration) -> Result<(), LinkError> {
        self.timer.set(patience);
        self.fill_until_due(room).await
    }

    /// As [`Receiver::fill`], until the deadline that has been set before.
    pub(crate) async fn fill_until_due(&mut self, room: usize) -> Result<(), LinkError> {
        let spare = self.inbound.spare(room);
        let count = self.timer.until_due(self.half.read_buf(spare)).await;
        took(count, &mut self.received)
    }

    /// As [`Receiver::fill`], without holding a buffer while nothing comes.
    pub(crate) async fn fill_from_idle(&mut self, room: usize, patience: Duration) -> Result<(), LinkError> {
        let Self { half, inbound, timer, received } = self;
        let fill = poll_fn(|context| {
            ready!(half.as_ref().poll_read_ready(context))?;
            // The runtime may only have hoped so: new connections count as ready.
            let polled = pin!(half.read_buf(inbound.spare(room))).poll(context);
            if polled.is_pending() {
                inbound.shrink(0);
            }
            polled
        });
        let count = timer.limit_idle(patience, fill).await;
        took(count, received)
    }

    /// The connection.
    pub(crate) fn stream(&self) -> &TcpStream {
        self.half.as_ref()
    }
}

/// What a read came to.
fn took(count: Result<io::Result<usize>, TimedOut>, received: &mut u64) -> Result<(), LinkError> {
    match count {
        Ok(Ok(0)) => Err(LinkError::Closed),
        Ok(Ok(count)) => {
            *received += count as u64;
            Ok(())
        }
        Ok(Err(error)) => Err(error.into()),
        Err(TimedOut) => Err(LinkError::TimedOut),
    }
}

/// The sending direction.
#[derive(Debug)]
pub(crate) struct Sender<'a> {
    half: WriteHalf<'a>,
    /// What is to be sent before anything else: heads, chunk sizes, small pieces.
    pub(crate) out: &'a mut Vec<u8>,
    timer: &'a Timer,
    patience: Duration,
    /// Bytes sent so far.
    pub(crate) sent: u64,
}

impl<'a> Sender<'a> {
    /// `patience` is how long the other side may take nothing.
    pub(crate) fn new(
        half: WriteHalf<'a>,
        out: &'a mut Vec<u8>,
        timer: &'a Timer,
        patience: Duration,
    ) -> Self {
        Self { half, out, timer, patience, sent: 0 }
    }

    /// Sends `piece` behind what waits in `out`; small pieces wait there too, until [`Sender::flush`].
    pub(crate) async fn push(&mut self, piece: &[u8]) -> Result<(), LinkError> {
        if self.out.len() + piece.len() <= SMALL {
            self.out.extend_from_slice(piece);
            return Ok(());
        }
        self.write(piece).await
    }

    /// Sends what waits in `out`.
    pub(crate) async fn flush(&mut self) -> Result<(), LinkError> {
        if self.out.is_empty() { Ok(()) } else { self.write(&[]).await }
    }

    /// Ends this direction; the other one stays open.
    pub(crate) async fn end(&mut self) {
        let _ = self.half.shutdown().await;
    }

    async fn write(&mut self, piece: &[u8]) -> Result<(), LinkError> {
        let mut slices = [IoSlice::new(self.out), IoSlice::new(piece)];
        let mut left = slices.as_mut_slice();
        // Slices without bytes are dropped, so that a write of nothing is never taken for a closed connection.
        IoSlice::advance_slices(&mut left, 0);
        while let [first, others @ ..] = &mut *left {
            self.timer.set(self.patience);
            // One slice is what nearly every message comes to, and sending it is the cheaper call.
            let written = if others.iter().all(|slice| slice.is_empty()) {
                self.timer.until_due(self.half.write(first)).await
            } else {
                self.timer.until_due(self.half.write_vectored(left)).await
            };
            let count = written.map_err(|TimedOut| LinkError::TimedOut)??;
            if count == 0 {
                return Err(LinkError::Closed);
            }
            self.sent += count as u64;
            IoSlice::advance_slices(&mut left, count);
        }
        self.out.clear();
        Ok(())
    }
}
