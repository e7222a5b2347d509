//! The console's connections: how many there may be, how long anything may take, TLS.
//!
//! ```text
//! accept ─▶ a place among `connections` ─▶ TLS handshake ─▶ head within `head`, body within `body` ─▶ router
//! ```
//!
//! Who finds no place waits in the system's queue until one is free. A connection that sends no head in time, that idles
//! longer than that between two requests, or that does not take what it is sent, is closed: nobody keeps a place by doing
//! nothing.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::tls::Tls;

/// How long to wait when the system gives no connection, for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Bytes of a request's head at most.
const LONGEST_HEAD: usize = 64 << 10;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// For a TLS handshake, and for the head of a request from the end of the one before.
    pub head: Duration,
    /// For the body of a request.
    pub body: Duration,
    /// Without a byte of an answer that is taken.
    pub stalled: Duration,
    /// Between two looks at the files of the certificate.
    pub look: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(20),
            body: Duration::from_secs(30),
            stalled: Duration::from_secs(30),
            look: Duration::from_secs(2),
        }
    }
}

/// What serves connections.
pub(crate) struct Listener {
    pub(crate) listener: TcpListener,
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    pub(crate) tls: Option<(Arc<Tls>, TlsAcceptor)>,
}

impl Listener {
    /// Serves until told to stop; open pages and live tails are cut when the runtime ends.
    pub(crate) async fn serve(self, mut stopped: oneshot::Receiver<()>) {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let mut look = tokio::time::interval(self.limits.look);
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                _ = look.tick() => self.look(),
                accepted = self.accept(&places) => {
                    if let Some((stream, peer, place)) = accepted {
                        tokio::spawn(self.connection(stream, peer, place));
                    }
                }
            }
        }
    }

    fn look(&self) {
        if let Some((tls, _)) = &self.tls {
            let tls = Arc::clone(tls);
            tokio::task::spawn_blocking(move || tls.look());
        }
    }

    async fn accept(&self, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, peer)) => Some((stream, peer, place)),
            Err(_) => {
                sleep(PAUSE).await;
                None
            }
        }
    }

    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        place: OwnedSemaphorePermit,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (router, limits) = (self.router.clone(), self.limits);
        let acceptor = self.tls.as_ref().map(|(_, acceptor)| acceptor.clone());
        async move {
            let _place = place;
            // Small answers leave at once; a socket that cannot is good enough.
            let _ = stream.set_nodelay(true);
            let stream = Patient { stream, patience: limits.stalled, waiting: None };
            match acceptor {
                None => speak(stream, peer, router, limits).await,
                Some(acceptor) => {
                    if let Ok(Ok(stream)) = timeout(limits.head, acceptor.accept(stream)).await {
                        speak(stream, peer, router, limits).await;
                    }
                }
            }
        }
    }
}

/// Answers the requests of a connection until it ends; whichever way is the peer's affair.
async fn speak<S>(stream: S, peer: SocketAddr, router: Router, limits: Limits)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A stream whose writes fail when nothing is taken for too long.
struct Patient {
    stream: TcpStream,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn written<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, to)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
