//! The clock by which rules are timed, when a rule set asks for it with `SecRulePerfTime`, or a measurement does.
//!
//! The engine reads no clock, so its driver gives it one: `Costs::new(nanos)`. Monotonic, and cheap enough to be read twice
//! for each rule.

use std::sync::OnceLock;
use std::time::Instant;

/// Nanoseconds since the first call.
pub fn nanos() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}
