//! SQL injection and XSS detection with the verdicts of the libinjection C library.
//!
//! ```
//! use portcullis_libinjection::{sqli, xss};
//!
//! let fingerprint = sqli(b"1' or '1'='1").expect("an attack");
//! assert_eq!(fingerprint.as_ref(), b"s&sos");
//! assert!(sqli(b"red and blue").is_none());
//! assert!(xss(b"<img src=x onerror=alert(1)>"));
//! assert!(!xss(b"2 < 3"));
//! ```
//!
//! `@detectSQLi` and `@detectXSS` are its callers. Each verdict is a pipeline of its own, [`sql`] and [`html`], whose steps
//! are public. Rules and their exclusions are tuned to what ModSecurity answers, so the reference is the version that
//! ModSecurity 2.9.7 bundles, 3.9.2, its misses and false alarms included; later versions differ only in that they know
//! event handlers by name where 3.9.2 takes every attribute that begins with `on`.
//! Every function takes time linear in its input, never panics, allocates nothing and never recurses.
//! The word and fingerprint tables come from the `libinjectionrs` crate; its tokenizer, which misses attacks, is not used.

pub mod html;
pub mod sql;

pub use html::xss;
pub use sql::{Fingerprint, sqli};
