//! What records tell: the event store, reports on it, explanations, replays, and exclusions with their effect.
//!
//! ```text
//! Record ─ observed ─▶ Event ─ store ─▶ events.sqlite ─▶ list, overview, protection ─▶ console, command line
//! ```
//!
//! The crate opens no socket and decides nothing about traffic. What rules sanitise is masked in the record before it comes
//! here; nothing here could undo that.

#![deny(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may panic"))]

mod bytes;
mod counts;
mod event;
pub mod explain;
mod filter;
mod instance;
pub mod observed;
mod places;
pub mod proposals;
pub mod replay;
mod report;
mod store;

pub use bytes::Bytes;
pub use counts::Counts;
pub use event::{
    EngineMode, EventDetail, EventSummary, Interception, MatchedRule, Score, StoredRequest, StoredResponse,
    Upstream, Verdict,
};
pub use explain::{Explanation, explain};
pub use filter::{Filter, FilterError, Window};
pub use instance::{Instance, Presence};
pub use observed::{Event, Observed};
pub use places::{Country, Places, TopCountry};
pub use proposals::{ChangedEvent, Effect, Proposal, ProposalError, Scope, proposals};
pub use replay::{Doubt, Replay};
pub use report::{Bucket, Overview, Protection, TOP, Top, TopRule};
pub use store::{Events, EventsError, Limits, Losses, MOST_ON_PAGE, Page, Place};
