//! Threads and routing of the console.
//!
//! `Console::start(settings, control)` → a thread with a runtime of its own, so that pages never take time from the proxy's
//! workers. Handlers run on a small pool, since they read files. It listens on a loopback address, with TLS anywhere, or where
//! it is told that plain HTTP is wanted.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, RawPathParams};
use axum::http::{Method, StatusCode, header};
use axum::routing::{MethodFilter, on};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::rustls;

use crate::accounts::AccountsError;
use crate::app::{App, Settings, now};
use crate::control::Control;
use crate::listener::Listener;
use crate::request::{Answer, Failure, Request};
use crate::routes::{self, Access, Route};
use crate::{api, gate, pages};

/// Handlers that run at a time.
const HANDLERS: usize = 8;

/// Why the console does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Others could read along.
    #[error(
        "the console speaks plain HTTP, and others reach {0}; give it --console-cert and --console-key, listen on a \
         loopback address behind something that speaks TLS, or say --console-plain"
    )]
    Exposed(SocketAddr),
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate.
    #[error("the console's certificate cannot be used: {0}")]
    Certificate(String),
    /// The system gives no thread or runtime.
    #[error("cannot start its thread: {0}")]
    Thread(#[source] std::io::Error),
    /// The accounts.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
}

/// A running console; it ends when this is dropped.
pub struct Console {
    app: Arc<App>,
    setup: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Console {
    /// Listens and serves.
    ///
    /// # Errors
    /// When the address is open to others without leave or cannot be had, or the accounts cannot be read.
    pub fn start(mut settings: Settings, control: Arc<dyn Control>) -> Result<Self, StartError> {
        let wanted = settings.address;
        if !wanted.ip().is_loopback() && !settings.allow_plain && settings.tls.is_none() {
            return Err(StartError::Exposed(wanted));
        }
        let bind = |source| StartError::Bind { address: wanted, source };
        let listener = TcpListener::bind(wanted).map_err(bind)?;
        listener.set_nonblocking(true).map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        settings.address = address;
        let (app, secret) = App::open(settings, control)?;
        let app = Arc::new(app);
        let acceptor = app.tls.as_ref().map(|tls| Ok((Arc::clone(tls), tls.acceptor()?))).transpose();
        let tls = acceptor.map_err(|error: rustls::Error| StartError::Certificate(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(HANDLERS)
            .thread_name("console-handler")
            .build()
            .map_err(StartError::Thread)?;
        let (router, limits) = (router(&app), app.settings.limits);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("console".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                Listener { listener, router, limits, tls }.serve(stopped).await;
            });
            runtime.shutdown_background();
        });
        let thread = thread.map_err(StartError::Thread)?;
        let setup = secret.map(|secret| app.setup_link(&secret));
        Ok(Self { app, setup, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.app.settings.address
    }

    /// Where browsers find it.
    pub fn url(&self) -> String {
        self.app.url()
    }

    /// The link that makes the first account; `None` when there is one.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup.as_deref()
    }

    /// A new link when there is still no account; the one before is dead.
    pub fn new_setup_link(&self) -> Option<String> {
        self.app.accounts.renew_setup(now()).map(|secret| self.app.setup_link(&secret))
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // Whichever is gone already: it ended by itself.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The routes as a service, for the listener and for tests.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for route in routes::all() {
        let filter = if route.method == Method::GET { MethodFilter::GET } else { MethodFilter::POST };
        let path = route.path;
        router = router.route(path, on(filter, handler(app, route)));
    }
    router
        .method_not_allowed_fallback(handler(app, Route::other_method()))
        .fallback(handler(app, Route::missing()))
}

impl App {
    /// The console without a listener: a service that tests call.
    pub fn into_router(self) -> Router {
        router(&Arc::new(self))
    }
}

fn handler(
    app: &Arc<App>,
    route: Route,
) -> impl Fn(RawPathParams, axum::extract::Request) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>
+ Clone
+ Send
+ Sync
+ 'static {
    let (app, route) = (Arc::clone(app), Arc::new(route));
    move |parameters, request| {
        let (app, route) = (Arc::clone(&app), Arc::clone(&route));
        Box::pin(async move { answer(&app, &route, &parameters, request).await })
    }
}

async fn answer(
    app: &Arc<App>,
    route: &Arc<Route>,
    parameters: &RawPathParams,
    request: axum::extract::Request,
) -> Answer {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let is_api = target.starts_with("/api/");
    let mut request = match read(app, request, parameters, target).await {
        Ok(request) => request,
        Err(failure) => return finish(app, api::problem(&failure)),
    };
    let (console, route) = (Arc::clone(app), Arc::clone(route));
    let handled = tokio::task::spawn_blocking(move || {
        let app = console;
        let result = gate::viewer(&app, &request.headers, &request.peer, now()).and_then(|viewer| {
            request.viewer = viewer;
            permitted(&route, &request)?;
            (route.run)(&app, &request)
        });
        result.unwrap_or_else(|failure| {
            if is_api { api::problem(&failure) } else { pages::failure(&app, &request, &failure) }
        })
    });
    let failed = |_| api::problem(&Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The page broke off."));
    finish(app, handled.await.unwrap_or_else(failed))
}

/// The request with its body, as far as it may come in.
async fn read(
    app: &App,
    request: axum::extract::Request,
    parameters: &RawPathParams,
    target: String,
) -> Result<Request, Failure> {
    let (parts, body) = request.into_parts();
    let usual_port = if app.tls.is_some() { 443 } else { 80 };
    gate::check_host(&parts.headers, app.settings.address, &app.settings.hosts, usual_port)?;
    gate::check_origin(&parts.method, &parts.headers, app.tls.is_some())?;
    let too_long = |_| Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is too long, or broke off.");
    let too_slow = |_| Failure::new(StatusCode::REQUEST_TIMEOUT, "The body did not come in time.");
    let body = timeout(app.settings.limits.body, to_bytes(body, gate::LONGEST_BODY));
    let body = body.await.map_err(too_slow)?.map_err(too_long)?;
    let kind =
        parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = kind.split(';').next() == Some("application/x-www-form-urlencoded");
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    Ok(Request {
        viewer: None,
        peer: peer.map(|peer| peer.0.ip().to_string()).unwrap_or_default(),
        query: crate::request::fields(parts.uri.query().unwrap_or_default().as_bytes()),
        form: if is_form { crate::request::fields(&body) } else { Vec::new() },
        body: if is_form { Vec::new() } else { body.to_vec() },
        parameters: parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        target,
        headers: parts.headers,
    })
}

fn permitted(route: &Route, request: &Request) -> Result<(), Failure> {
    if let Access::Role(role) = route.access {
        gate::check_role(request.viewer()?, role)?;
    }
    if route.method == Method::POST { gate::check_token(request) } else { Ok(()) }
}

fn finish(app: &App, mut answer: Answer) -> Answer {
    gate::protect(&mut answer);
    if app.tls.is_some() {
        gate::bind_to_tls(&mut answer, app.settings.address);
    }
    answer
}
