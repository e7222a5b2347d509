//! What follows 101: bytes in both directions, unread by anyone, until either side ends or both are silent too long.
//!
//! A side that ends its direction is passed on as such; the other direction goes on until it ends too.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::connection::Client;
use crate::link::{LinkError, Receiver, Sender};
use crate::request_body::BODY_ROOM;
use crate::timer::Timers;

/// Carries bytes both ways. What waits in the buffers of either side goes first.
pub(crate) async fn run(
    client: &mut Client<'_>,
    from_origin: &mut Receiver<'_>,
    to_origin: &mut Sender<'_>,
    (timers, patience): (&Timers, Duration),
) {
    let last = Cell::new(timers.now());
    let clock = Silence { timers, patience, last: &last };
    let mut up = pin!(carry(&mut client.receiver, to_origin, &clock));
    let mut down = pin!(carry(from_origin, &mut client.sender, &clock));
    let (mut up_ended, mut down_ended) = (false, false);
    poll_fn(|context| {
        for (side, ended) in [(0, &mut up_ended), (1, &mut down_ended)] {
            if *ended {
                continue;
            }
            let polled = if side == 0 { up.as_mut().poll(context) } else { down.as_mut().poll(context) };
            match polled {
                Poll::Pending => {}
                Poll::Ready(Ended::Direction) => *ended = true,
                Poll::Ready(Ended::Everything) => return Poll::Ready(()),
            }
        }
        if up_ended && down_ended { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// What has ended.
enum Ended {
    /// One direction, in good order.
    Direction,
    /// The tunnel.
    Everything,
}

/// How long neither side has said anything.
struct Silence<'a> {
    timers: &'a Timers,
    patience: Duration,
    last: &'a Cell<u64>,
}

async fn carry(from: &mut Receiver<'_>, to: &mut Sender<'_>, silence: &Silence<'_>) -> Ended {
    loop {
        if to.push(from.inbound.unread()).await.is_err() || to.flush().await.is_err() {
            return Ended::Everything;
        }
        from.inbound.consume(usize::MAX);
        match from.fill(BODY_ROOM, silence.patience).await {
            Ok(()) => silence.last.set(silence.timers.now()),
            Err(LinkError::Closed) => {
                to.end().await;
                return Ended::Direction;
            }
            Err(LinkError::TimedOut) => {
                let quiet = silence.timers.now() - silence.last.get();
                if quiet >= silence.timers.ticks(silence.patience) {
                    return Ended::Everything;
                }
            }
            Err(LinkError::Io(_)) => return Ended::Everything,
        }
    }
}
