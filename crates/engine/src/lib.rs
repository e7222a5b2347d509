//! The rule engine: from AST to rule set, from bytes of an exchange to a verdict and a record.
//!
//! ```text
//! Loaded ─ compile ─▶ RuleSet ─▶ Transaction ── run(phase) ─▶ Step ─▶ … ─▶ Record
//! ```
//!
//! Nothing in this crate reads a socket, a file, a clock or the environment: files come through a loader while
//! compiling, time with each call, and what a running transaction needs is asked for by a [`Need`].

pub mod record;
pub mod verdict;

pub use record::Record;
pub use verdict::{Answer, BodyPlan, BodyProgress, Need, Phase, Step, Verdict};
