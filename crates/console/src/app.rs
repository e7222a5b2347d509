//! What all handlers share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use portcullis_insight::Events;
use portcullis_site::Site;

use crate::accounts::Accounts;
use crate::control::{Check, Control, Status};
use crate::listener::Limits;
use crate::request::Failure;
use crate::server::StartError;
use crate::tls::{Tls, TlsFiles};

/// How the console runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub address: SocketAddr,
    /// Names it answers to besides its own address.
    pub hosts: Vec<String>,
    /// Where accounts are kept, outside of the site's history.
    pub folder: PathBuf,
    /// Whether it may listen on an address that others reach, though it speaks plain HTTP.
    pub allow_plain: bool,
    /// The certificate; without one it speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    /// How much its listener takes.
    pub limits: Limits,
}

/// See the module.
pub struct App {
    pub(crate) settings: Settings,
    pub(crate) control: Arc<dyn Control>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) tls: Option<Arc<Tls>>,
    /// Held while a change is made: two at the same moment would not see each other.
    changing: Mutex<()>,
}

impl App {
    /// Reads the accounts. With none, the secret that [`App::setup_path`] takes comes too.
    ///
    /// # Errors
    /// When the accounts cannot be read, their folder cannot be made, or the certificate cannot be used.
    pub fn open(settings: Settings, control: Arc<dyn Control>) -> Result<(Self, Option<String>), StartError> {
        let tls = settings.tls.clone().map(Tls::open).transpose().map_err(StartError::Certificate)?;
        let (accounts, secret) = Accounts::open(&settings.folder, now())?;
        let (accounts, tls) = (Arc::new(accounts), tls.map(Arc::new));
        Ok((Self { settings, control, accounts, tls, changing: Mutex::new(()) }, secret))
    }

    /// Path and query of the page that makes the first account.
    pub fn setup_path(secret: &str) -> String {
        format!("/setup?token={secret}")
    }

    /// Where browsers find it. With TLS that is the first name it has, since certificates are made out to names.
    pub(crate) fn url(&self) -> String {
        let address = self.settings.address;
        match (&self.tls, self.settings.hosts.first()) {
            (Some(_), Some(name)) => format!("https://{name}:{}", address.port()),
            (Some(_), None) => format!("https://{address}"),
            (None, _) => format!("http://{address}"),
        }
    }

    /// The link that makes the first account.
    pub(crate) fn setup_link(&self, secret: &str) -> String {
        format!("{}{}", self.url(), Self::setup_path(secret))
    }

    /// What runs, with the console's own warnings.
    pub(crate) fn status(&self) -> Status {
        let mut status = self.control.status();
        status.warnings.extend(self.tls.as_ref().and_then(|tls| tls.warning()));
        let unnoted = self.accounts.trail_trouble();
        status.warnings.extend(
            unnoted.map(|reason| format!("What was last done to accounts could not be noted: {reason}.")),
        );
        status
    }

    pub(crate) fn site(&self) -> Result<Site, Failure> {
        let unopened = |reason| Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, reason);
        self.control.site().map_err(unopened)
    }

    /// What `check` says of the site as it is.
    pub(crate) fn check_present(&self) -> Result<Check, Failure> {
        let unopened = |reason| Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, reason);
        self.control.check_present().map_err(unopened)
    }

    pub(crate) fn events(&self) -> Result<Arc<Events>, Failure> {
        let message = "No events are kept: the setting `events` is off, or the store could not be opened.";
        self.control
            .events()
            .ok_or_else(|| Failure::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, message))
    }

    pub(crate) fn begin_change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_second()
}
