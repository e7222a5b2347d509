//! Events as they come, as server-sent events.
//!
//! A filter and a way to write an event → an answer that stays open: `data: …` for each new event that passes the filter, a
//! comment now and then so that a broken connection is noticed. It ends within [`GLANCE`] when who reads is signed out,
//! removed, or may do something else than before, and after [`LONGEST`] anyway, when the browser asks anew. A thread of its
//! own reads the store, at most every [`PAUSE`]; what comes faster than [`MOST`] between two looks is left out, as nobody
//! reads it. Who does not take what is sent is cut off, so that no place among the tails is kept by doing nothing.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_core::Stream;
use portcullis_insight::{EventSummary, Events, Filter};
use tokio::sync::mpsc;

use crate::accounts::{Accounts, Viewer};
use crate::app::{App, now};
use crate::request::{Answer, Failure, Request, answer};

/// Answers open at a time, in the whole process.
const MOST_TAILS: usize = 32;
static TAILS: AtomicUsize = AtomicUsize::new(0);

/// Events between two looks.
const MOST: usize = 60;
const PAUSE: Duration = Duration::from_millis(400);
/// How often it is asked whether who reads still may.
const GLANCE: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_secs(600);

/// How an event is written: one line.
pub(crate) type Write = fn(&EventSummary) -> String;

/// See the module.
pub(crate) fn tail(app: &App, request: &Request, filter: Filter, write: Write) -> Result<Answer, Failure> {
    let (events, viewer) = (app.events()?, request.viewer()?.clone());
    let reader = Reader { accounts: Arc::clone(&app.accounts), viewer };
    let open = Open::new().ok_or_else(|| {
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "Too many live tails are open; close one.")
    })?;
    // Subscribed before the newest is looked up, so that none falls between.
    let news = events.subscribe();
    let newest = events.list(&Filter::default(), None, 1)?.items.first().map_or(0, |event| event.seq);
    let (to, lines) = mpsc::channel(8);
    let run = move || {
        let _open = open;
        follow(&events, &filter, write, &news, newest, &reader, &to);
    };
    let thread = thread::Builder::new().name("console-tail".to_owned()).spawn(run);
    thread.map_err(|error| Failure::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    Ok(answer(StatusCode::OK, "text/event-stream", Body::from_stream(Lines(lines))))
}

/// Who reads.
struct Reader {
    accounts: Arc<Accounts>,
    viewer: Viewer,
}

impl Reader {
    fn may_read(&self) -> bool {
        self.accounts.knows(&self.viewer, now())
    }
}

/// Sends until the reader is gone, may no longer read, the store is gone, or time is up.
fn follow(
    events: &Events,
    filter: &Filter,
    write: Write,
    news: &Receiver<EventSummary>,
    mut newest: u64,
    reader: &Reader,
    to: &mpsc::Sender<Bytes>,
) {
    let end = Instant::now() + LONGEST;
    let mut text = ": open\n\n".to_owned();
    let mut sent = Instant::now();
    while Instant::now() < end {
        if !text.is_empty() {
            if to.try_send(Bytes::from(text)).is_err() {
                break;
            }
            sent = Instant::now();
        }
        let came = news.recv_timeout(GLANCE);
        if to.is_closed() || !reader.may_read() {
            break;
        }
        text = match came {
            Ok(_) => {
                thread::sleep(PAUSE);
                while news.try_recv().is_ok() {}
                let Ok(page) = events.list(filter, None, MOST) else { break };
                let fresh: Vec<_> = page.items.iter().take_while(|event| event.seq > newest).collect();
                newest = fresh.first().map_or(newest, |event| event.seq);
                fresh.into_iter().rev().map(|event| format!("data: {}\n\n", write(event))).collect()
            }
            Err(RecvTimeoutError::Timeout) if sent.elapsed() >= QUIET => ": quiet\n\n".to_owned(),
            Err(RecvTimeoutError::Timeout) => String::new(),
            Err(RecvTimeoutError::Disconnected) => break,
        };
    }
}

/// A place among [`MOST_TAILS`].
struct Open;

impl Open {
    fn new() -> Option<Self> {
        let count = |open: usize| (open < MOST_TAILS).then_some(open + 1);
        TAILS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).ok().map(|_| Self)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        TAILS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the thread sends, as a body.
struct Lines(mpsc::Receiver<Bytes>);

impl Stream for Lines {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(Ok))
    }
}
