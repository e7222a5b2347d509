//! How often somebody may try to sign in.
//!
//! Five wrong passwords within 15 minutes, for one account or from one address → no further try is looked at until the oldest
//! is 15 minutes old. What is not looked at costs no hash, so the limit also bounds the work that strangers can cause.

use std::collections::HashMap;

/// Wrong tries until the next is refused.
pub(crate) const MOST: usize = 5;

/// Seconds a wrong try counts.
const WINDOW: i64 = 15 * 60;

/// Names and addresses that are remembered; beyond that the oldest are forgotten.
const MOST_KEYS: usize = 10_000;

/// Wrong tries, by account name and by address.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    failures: HashMap<String, Vec<i64>>,
}

impl Attempts {
    /// Counts a try as wrong ahead of time, so that tries at the same moment count too; `false` when it is refused.
    pub(crate) fn begin(&mut self, keys: &[String], now: i64) -> bool {
        if self.failures.len() > MOST_KEYS {
            self.failures.retain(|_, times| times.last().is_some_and(|last| now - last < WINDOW));
        }
        if self.failures.len() > MOST_KEYS {
            return false;
        }
        for key in keys {
            let times = self.failures.entry(key.clone()).or_default();
            times.retain(|time| now - time < WINDOW);
        }
        if keys.iter().any(|key| self.failures.get(key).is_some_and(|times| times.len() >= MOST)) {
            return false;
        }
        for key in keys {
            self.failures.entry(key.clone()).or_default().push(now);
        }
        true
    }

    /// The password was right: these keys begin anew.
    pub(crate) fn succeeded(&mut self, keys: &[String]) {
        for key in keys {
            self.failures.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_try_is_refused_for_a_while() {
        let mut attempts = Attempts::default();
        let keys = ["account ada".to_owned(), "address ::1".to_owned()];
        assert!((0..MOST).all(|_| attempts.begin(&keys, 100)));
        assert!(!attempts.begin(&keys, 100 + WINDOW - 1));
        assert!(!attempts.begin(&keys[1..], 101), "another account from that address");
        assert!(attempts.begin(&keys, 100 + WINDOW));
        attempts.succeeded(&keys);
        assert!((0..MOST).all(|_| attempts.begin(&keys, 2000)));
    }
}
