//! What the store says of a stretch of time: [`Overview`] and [`Protection`].
//!
//! An hour with 1,000 requests of which 3 would have been blocked → totals, sixty buckets, the rules, paths and clients behind
//! the three. Counts come from the counters of each minute and are exact to the minute; tops come from stored events.

use schemars::JsonSchema;
use serde::Serialize;

use crate::bytes::Bytes;
use crate::counts::Counts;
use crate::filter::Window;
use crate::places::TopCountry;

/// How many entries a list of tops has.
pub const TOP: usize = 10;

/// A stretch of time at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Overview {
    /// Which.
    pub window: Window,
    /// All of it.
    pub totals: Counts,
    /// How many minutes a bucket has.
    pub bucket_minutes: u32,
    /// The counts over time, without gaps from the first to the last bucket of the window.
    pub buckets: Vec<Bucket>,
    /// Rules with the most events, those that sum up scores left out.
    pub rules: Vec<TopRule>,
    /// Paths with the most events.
    pub paths: Vec<Top>,
    /// Clients with the most events.
    pub clients: Vec<Top>,
    /// Countries with the most events; none without a geographic database.
    pub countries: Vec<TopCountry>,
}

/// The counts of some minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Bucket {
    /// Its beginning.
    pub start_micros: i64,
    /// What was counted.
    pub counts: Counts,
}

/// A rule and how many events it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TopRule {
    /// The rule.
    pub rule: u64,
    /// Its message, as it was when first seen where it has macros.
    pub message: Bytes,
    /// How many events.
    pub events: u64,
}

/// A path or a client and how many events it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Top {
    /// Which.
    pub name: Bytes,
    /// How many events.
    pub events: u64,
}

/// What protection would have blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Protection {
    /// When.
    pub window: Window,
    /// The counts of that time; `would_be_blocked` among them.
    pub totals: Counts,
    /// How many of these requests are stored as events; the oldest may be gone.
    pub stored: u64,
    /// The rules that matched in them, those that sum up scores left out.
    pub rules: Vec<TopRule>,
    /// Their paths.
    pub paths: Vec<Top>,
    /// Their clients.
    pub clients: Vec<Top>,
    /// Their countries; none without a geographic database.
    pub countries: Vec<TopCountry>,
}
