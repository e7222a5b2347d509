//! Listener, threads and routing of the console.
//!
//! `Console::start(settings, control)` → a thread with a runtime of its own, so that pages never take time from the proxy's
//! workers. Handlers run on a small pool, since they read files. It listens on a loopback address, or where it is told
//! that plain HTTP is wanted.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, RawPathParams};
use axum::http::{Method, StatusCode, header};
use axum::routing::{MethodFilter, on};
use tokio::sync::oneshot;

use crate::accounts::AccountsError;
use crate::app::{App, Settings, now};
use crate::control::Control;
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
        "the console speaks plain HTTP, and others reach {0}; listen on a loopback address behind something that \
         speaks TLS, or say --console-plain"
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
    /// The system gives no thread or runtime.
    #[error("cannot start its thread: {0}")]
    Thread(#[source] std::io::Error),
    /// The accounts.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
}

/// A running console; it ends when this is dropped.
#[derive(Debug)]
pub struct Console {
    address: SocketAddr,
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
        if !wanted.ip().is_loopback() && !settings.allow_plain {
            return Err(StartError::Exposed(wanted));
        }
        let bind = |source| StartError::Bind { address: wanted, source };
        let listener = TcpListener::bind(wanted).map_err(bind)?;
        listener.set_nonblocking(true).map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        settings.address = address;
        let (app, secret) = App::open(settings, control)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(HANDLERS)
            .thread_name("console-handler")
            .build()
            .map_err(StartError::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("console".to_owned()).spawn(move || {
            runtime.block_on(serve(listener, router(&Arc::new(app)), stopped));
            runtime.shutdown_background();
        });
        let thread = thread.map_err(StartError::Thread)?;
        let setup = secret.map(|secret| format!("http://{address}{}", App::setup_path(&secret)));
        Ok(Self { address, setup, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link that makes the first account; `None` when there is one.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup.as_deref()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // Whichever is gone already: it ended by itself.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Serves until told to stop; open pages and live tails are cut then.
async fn serve(listener: TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        _ = axum::serve(listener, service) => {}
        _ = stopped => {}
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
        Err(failure) => return finish(api::problem(&failure)),
    };
    let (app, route) = (Arc::clone(app), Arc::clone(route));
    let handled = tokio::task::spawn_blocking(move || {
        request.viewer = gate::viewer(&app, &request.headers, now());
        let result = permitted(&route, &request).and_then(|()| (route.run)(&app, &request));
        result.unwrap_or_else(|failure| {
            if is_api { api::problem(&failure) } else { pages::failure(&app, &request, &failure) }
        })
    });
    let failed = |_| api::problem(&Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The page broke off."));
    finish(handled.await.unwrap_or_else(failed))
}

/// The request with its body, as far as it may come in.
async fn read(
    app: &App,
    request: axum::extract::Request,
    parameters: &RawPathParams,
    target: String,
) -> Result<Request, Failure> {
    let (parts, body) = request.into_parts();
    gate::check_host(&parts.headers, app.settings.address, &app.settings.hosts)?;
    gate::check_origin(&parts.method, &parts.headers)?;
    let too_long = |_| Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is too long, or broke off.");
    let body = to_bytes(body, gate::LONGEST_BODY).await.map_err(too_long)?;
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

fn finish(mut answer: Answer) -> Answer {
    gate::protect(&mut answer);
    answer
}
