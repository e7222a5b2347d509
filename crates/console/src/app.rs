//! What all handlers share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use portcullis_insight::Events;
use portcullis_site::Site;

use crate::accounts::{Accounts, AccountsError};
use crate::control::Control;
use crate::request::Failure;

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
}

/// See the module.
pub struct App {
    pub(crate) settings: Settings,
    pub(crate) control: Arc<dyn Control>,
    pub(crate) accounts: Accounts,
    /// Held while a change is made: two at the same moment would not see each other.
    changing: Mutex<()>,
}

impl App {
    /// Reads the accounts. With none, the secret that [`App::setup_path`] takes comes too.
    ///
    /// # Errors
    /// When the accounts cannot be read, or their folder cannot be made.
    pub fn open(
        settings: Settings,
        control: Arc<dyn Control>,
    ) -> Result<(Self, Option<String>), AccountsError> {
        let (accounts, secret) = Accounts::open(&settings.folder)?;
        Ok((Self { settings, control, accounts, changing: Mutex::new(()) }, secret))
    }

    /// Path and query of the page that makes the first account.
    pub fn setup_path(secret: &str) -> String {
        format!("/setup?token={secret}")
    }

    pub(crate) fn site(&self) -> Result<Site, Failure> {
        let unopened = |reason| Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, reason);
        self.control.site().map_err(unopened)
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
