//! What is counted of every exchange, per minute: cheap enough to do for all, kept longer than events.
//!
//! 3 requests, 1 blocked, in the minute from 12:00 → a row `requests 3, blocked 1, …`. The columns of the store, the fields
//! here and the names in JSON are one list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident),+ $(,)?) => {
        /// Sums over exchanges.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
        pub struct Counts {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Counts {
            /// The names, in the order of the fields.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            pub(crate) fn values(&self) -> Vec<u64> {
                vec![$(self.$name),+]
            }

            pub(crate) fn of_values(mut value: impl FnMut(usize) -> u64) -> Self {
                let mut index = 0;
                let mut next = || { index += 1; value(index - 1) };
                Self { $($name: next()),+ }
            }

            /// Adds others.
            pub fn add(&mut self, other: &Self) {
                $(self.$name = self.$name.saturating_add(other.$name);)+
            }
        }
    };
}

counters! {
    /// All.
    requests,
    /// A rule intercepted.
    blocked,
    /// A rule would have intercepted.
    would_be_blocked,
    /// Rules matched, none of which intercepts.
    below_threshold,
    /// No rule that logs matched.
    passed,
    /// Failed, and no rule that logs matched.
    errors,
    /// The audit log has an entry.
    audited,
    /// Answered with 400 to 499.
    client_errors,
    /// Answered with 500 and above.
    server_errors,
    /// Bytes from clients.
    bytes_received,
    /// Bytes to clients.
    bytes_sent,
    /// The origin was asked.
    upstream_requests,
    /// Bytes sent to clients where the origin was asked.
    upstream_bytes,
    /// Microseconds that the origin took.
    upstream_micros,
}
