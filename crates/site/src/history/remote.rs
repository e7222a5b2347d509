//! A branch of a repository elsewhere, fetched over HTTPS into a mirror on this machine.
//!
//! `Remote::new("https://ann:token@git.example/sites.git", "production", "instance/data/repository.git")`, then `fetch()` → the
//! mirror's branch is what the remote's is. A pack arrives per fetch that brings something; when there are [`MOST_PACKS`] the
//! mirror is fetched anew, and takes the old one's place in one step.
//!
//! Limits: git's "smart" protocol only. Plain `http://` is accepted of this machine alone: what decides about requests must
//! not be exchanged on the way. Git's own settings are not read, and no program is started.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use gix::error::ErrorExt as _;
use gix::progress::Discard;
use gix::remote::Direction;
use gix::remote::fetch::Tags;
use gix::url::Scheme;
use gix_transport::client::blocking_io::http::Transport;

use super::over_http::Client;
use super::{HistoryError, failure};
use crate::https;

/// More packs than this make looking objects up slow.
const MOST_PACKS: usize = 50;

/// See the module.
#[derive(Debug, Clone)]
pub struct Remote {
    url: gix::Url,
    /// Without the password, for messages.
    shown: String,
    branch: String,
    mirror: PathBuf,
}

impl Remote {
    /// What is at `url`, whose user and password are sent to it.
    ///
    /// # Errors
    /// When the address is none that can be fetched from.
    pub fn new(url: &str, branch: &str, mirror: &Path) -> Result<Self, HistoryError> {
        let parsed = gix::url::parse(url).ok();
        let shown = parsed.clone().map_or_else(|| "the repository".to_owned(), without_password);
        let refused = |reason| Err(HistoryError::Address { url: shown.clone(), reason });
        let Some(parsed) = parsed.filter(|url| url.host().is_some_and(|host| !host.is_empty())) else {
            return refused("this is no address of a repository; write https://HOST/PATH");
        };
        match parsed.scheme {
            Scheme::Https => {}
            Scheme::Http if is_this_machine(&parsed) => {}
            Scheme::Http => {
                return refused("what comes over plain http can be exchanged on the way: write https://");
            }
            _ => {
                return refused(
                    "only https:// is fetched; for another protocol keep a mirror on this machine with \
                     `git clone --mirror` and `git fetch`, and name its folder",
                );
            }
        }
        Ok(Self { url: parsed, shown, branch: branch.to_owned(), mirror: mirror.to_path_buf() })
    }

    /// Where the mirror lies.
    pub fn mirror(&self) -> &Path {
        &self.mirror
    }

    /// Makes the mirror's branch what the remote's is.
    ///
    /// # Errors
    /// When the remote cannot be reached, refuses, or has no such branch. What was fetched before stays.
    pub fn fetch(&self) -> Result<(), HistoryError> {
        if packs(&self.mirror) < MOST_PACKS && self.mirror.join("HEAD").is_file() {
            return self.fetch_into(&self.mirror);
        }
        let fresh = self.mirror.with_extension("new");
        let at = |doing| move |error: std::io::Error| failure(&self.mirror, doing, &error);
        remove(&fresh).map_err(at("what was left half fetched cannot be removed"))?;
        fs::create_dir_all(&fresh).map_err(at("it cannot be made"))?;
        gix::init_bare(&fresh).map_err(|error| failure(&fresh, "it cannot be made", &error))?;
        self.fetch_into(&fresh)?;
        remove(&self.mirror).map_err(at("it cannot be exchanged"))?;
        fs::rename(&fresh, &self.mirror).map_err(at("it cannot be exchanged"))
    }

    fn fetch_into(&self, mirror: &Path) -> Result<(), HistoryError> {
        self.try_fetch(mirror).map_err(|reason| HistoryError::Remote { url: self.shown.clone(), reason })
    }

    fn try_fetch(&self, mirror: &Path) -> Result<(), String> {
        let agent = https::agent(self.url.scheme == Scheme::Http)?;
        let repository = gix::open_opts(mirror, gix::open::Options::isolated()).map_err(chain)?;
        let branch = format!("+refs/heads/{0}:refs/heads/{0}", self.branch);
        let remote = repository.remote_at(self.url.clone()).map_err(chain)?;
        let remote = remote.with_fetch_tags(Tags::None);
        let remote = remote.with_refspecs([branch.as_str()], Direction::Fetch).map_err(chain)?;
        let transport =
            Transport::new_http(Client::new(agent), self.url.clone(), gix_transport::Protocol::V2, false);
        // Asked when the server wants to know who fetches, or does not accept whom the address names.
        let is_known = self.url.password().is_some();
        let connection = remote.to_connection_with_transport(transport).with_credentials(|_| {
            let reason = if is_known {
                "the server does not accept the address's user and password"
            } else {
                "the server asks for a user and a password: write https://USER:PASSWORD@HOST/PATH"
            };
            Err(gix::error::message(reason).raise())
        });
        let fetch =
            connection.prepare_fetch(Discard, gix::remote::ref_map::Options::default()).map_err(chain)?;
        fetch.receive(Discard, &AtomicBool::new(false)).map_err(chain)?;
        Ok(())
    }
}

/// An error with its causes, each said once.
fn chain(error: impl std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    told
}

fn without_password(mut url: gix::Url) -> String {
    if url.password().is_some() {
        url.set_password(None);
    }
    url.to_bstring().to_string()
}

fn is_this_machine(url: &gix::Url) -> bool {
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn packs(mirror: &Path) -> usize {
    let Ok(entries) = fs::read_dir(mirror.join("objects/pack")) else { return 0 };
    entries.flatten().filter(|entry| entry.path().extension().is_some_and(|kind| kind == "pack")).count()
}

fn remove(folder: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
