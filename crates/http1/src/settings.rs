//! What a reader may be told: limits and policies.
//!
//! The defaults are httpd's (`LimitRequestLine 8190`, `LimitRequestFieldSize 8190`, `LimitRequestFields 100`), with
//! the tolerance httpd shows on the wire: a line of limit + 1 bytes still passes.

use crate::policy::Policies;

/// Limits of a request reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the request line.
    pub request_line: usize,
    /// Bytes of a header field, folded lines included.
    pub field: usize,
    /// Number of header fields.
    pub fields: usize,
    /// Bytes of the whole head.
    pub head: usize,
    /// Empty lines tolerated before a request line.
    pub empty_lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { request_line: 8190, field: 8190, fields: 100, head: 1 << 20, empty_lines: 10 }
    }
}

impl Limits {
    /// Limits for answers of an origin: it is trusted not to attack, but not to be small.
    pub fn for_responses() -> Self {
        Self { request_line: 8190, field: 1 << 16, fields: 500, head: 1 << 18, empty_lines: 0 }
    }
}

/// Settings of a request reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Limits.
    pub limits: Limits,
    /// What happens to messages that deviate.
    pub policies: Policies,
}
