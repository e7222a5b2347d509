//! The rule engine: from AST to rule set, from bytes of an exchange to a verdict and a record.
//!
//! ```text
//! Loaded ─ compile ─▶ RuleSet ─▶ Transaction ── run(phase) ─▶ Step ─▶ … ─▶ Record
//! ```
//!
//! Nothing in this crate reads a socket, a file, a clock or the environment: files come through a loader while
//! compiling, time with each call, and what a running transaction needs is asked for by a [`Need`].

#![deny(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may panic"))]

pub mod actions;
mod arena;
mod begin;
mod bookkeeping;
pub mod compile;
mod connection_limits;
mod costs;
mod describe;
mod dump;
mod escape;
pub mod exclusion;
mod external;
mod finish;
mod glance;
mod hash;
mod header_names;
mod inject;
mod macros;
mod mask;
mod members;
mod message;
mod misses;
mod pairs;
mod parsed_response;
mod persistent;
mod phases;
mod prologue;
pub mod record;
mod request;
mod request_body;
mod response;
mod rewrite;
mod ruleset;
mod sanitise;
mod screen;
mod script;
pub mod settings;
mod signing;
pub mod trace;
mod trace_body;
mod transaction;
mod uploads;
mod validation;
pub mod variables;
pub mod verdict;
mod workspace;
mod worlds;
mod xml_body;

pub use compile::selection::RuleSelector;
pub use compile::{Environment, compile};
pub use connection_limits::{ConnectionLimits, ConnectionState, Exceeded, StateLimit};
pub use costs::{Costs, RuleCost};
pub use describe::RuleDescription;
pub use exclusion::{Excluded, Exclusion};
pub use inject::Injection;
pub use persistent::{CollectionUpdate, MemberChange, StoredMembers, drop_expired_members, leading_number};
pub use record::Record;
pub use rewrite::Rewritten;
pub use ruleset::{FileSummary, RuleSet};
pub use screen::run::Evaluation;
pub use settings::{Compatibility, Settings};
pub use transaction::{RequestLine, Start, Transaction};
pub use verdict::{Answer, BodyPlan, BodyProgress, Need, Phase, Step, Verdict};
pub use workspace::Workspace;
pub use worlds::TAG as DETECTING_TAG;
