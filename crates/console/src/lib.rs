//! The console: pages and an API for the people who run a site, on a listener of their own.
//!
//! ```text
//! GET /rulesets             what runs, in which state         GET /api/v1/rule-sets      the same as JSON
//! POST /changes/review  ─▶  the difference it would make  ─▶  POST /changes/commit  ─▶  a commit by who is signed in
//! ```
//!
//! ```text
//! server.rs    threads, routes               accounts/   who may use it         pages/     HTML, a file per page
//! gate.rs      what each request passes      change/     what can be changed    api/       JSON, a file per resource
//! control.rs   what it asks of the process   rules.rs    rules of a file        view/      escaping, numbers, colours
//! live.rs      events as they come           range.rs    a stretch of time
//! exclusions/  what is taken out of rules
//! listener.rs  connections and their limits  tls.rs      the certificate
//! people.rs    what is done with accounts
//! ```
//!
//! [`Console::start`] is called by the binary, which also implements [`Control`]. The console changes nothing but the site's
//! files, each change a commit that was shown as a difference before; it never touches traffic. Everything works without
//! script. Pages print every value through one escaper, and nothing that is not computed.

mod accounts;
mod api;
mod app;
mod change;
mod control;
mod exclusions;
mod gate;
mod listener;
mod live;
mod pages;
mod people;
mod range;
mod request;
mod routes;
mod rules;
mod server;
mod tls;
mod view;

pub use accounts::{AccountsError, Role};
pub use app::{App, Settings};
pub use control::{Check, Control, Finding, ProxySetting, Reload, Severity, Status};
pub use listener::Limits;
pub use routes::{KnownPath, paths};
pub use server::{Console, StartError};
pub use tls::TlsFiles;
