//! One file per log format: a [`Record`](portcullis_engine::Record) (or an [`Access`](access::Access)) in, bytes out.
//!
//! Formats are pure: time, process id, boundary and rule texts are inputs, so a fixture pins every byte. They append to
//! a buffer and never fail.

pub mod access;
pub mod concurrent;
pub mod debug_log;
pub mod error_log;
pub mod guardian;
pub mod json;
pub mod json_v3;
pub mod native;
pub mod server_line;

use error_log::ErrorLogStyle;

use crate::JsonBytes;

/// The version in producer and server lines.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the audit formats show beside the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditStyle {
    /// How `Apache-Error:` lines repeat the error log.
    pub error_log: ErrorLogStyle,
    /// The first component of `Producer:`. Readers split the line at `; `, so it holds none.
    pub producer: String,
    /// `Server:`.
    pub server: String,
    /// `Apache-Handler:`; readers of ModSecurity's log know `proxy-server` as "went to an origin".
    pub handler: String,
    /// Bytes that are not UTF-8 in the JSON formats.
    pub json_bytes: JsonBytes,
    /// `server_id` of the v3 schema, by convention the SHA-1 of the machine's name in hex.
    pub server_id: String,
}

impl Default for AuditStyle {
    fn default() -> Self {
        Self {
            error_log: ErrorLogStyle::default(),
            producer: format!("Portcullis/{VERSION} (compatible with ModSecurity 2.9.7)"),
            server: format!("Portcullis/{VERSION}"),
            handler: "proxy-server".to_owned(),
            json_bytes: JsonBytes::default(),
            server_id: String::new(),
        }
    }
}
