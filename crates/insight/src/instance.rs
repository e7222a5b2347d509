//! The instances that write one store: what each says of itself, and what it served.
//!
//! Two proxies with one PostgreSQL store → two [`Instance`]s with their versions and the rules they run; where those differ, an
//! instance has not got the latest commit yet. A store in a file has one writer, and lists none.

use schemars::JsonSchema;
use serde::Serialize;

use crate::counts::Counts;

/// What an instance says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presence {
    /// The version of the program.
    pub version: String,
    /// The fingerprint of the rules and settings in force.
    pub rules: String,
    /// The commit they come from, where the site is a repository.
    pub commit: Option<String>,
    /// `Off`, `DetectionOnly` or `On`.
    pub mode: String,
    /// When it started, microseconds since the Unix epoch.
    pub started_micros: i64,
}

/// An instance as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Instance {
    /// Its name, one of its own.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// The fingerprint of the rules and settings in force.
    pub rules: String,
    /// The commit they come from, where the site is a repository.
    pub commit: Option<String>,
    /// `Off`, `DetectionOnly` or `On`.
    pub mode: String,
    /// When it started, microseconds since the Unix epoch.
    pub started_micros: i64,
    /// When it was last heard of, by the store's clock; 0 when it never said anything.
    pub seen_micros: i64,
    /// How long ago that was.
    pub silent_micros: u64,
    /// Events that it lost since its start.
    pub lost: u64,
    /// What it counted in the stretch of time that was asked for.
    pub counts: Counts,
}
