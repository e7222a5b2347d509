//! How often somebody may guess: passwords, at sign-in and when one is changed, and API tokens that are none.
//!
//! Five wrong tries within 15 minutes, for one account or from one address → no further try is looked at until the oldest
//! is 15 minutes old. What is not looked at costs no hash, so the limit also bounds the work that strangers can cause.
//! Addresses of IPv6 count by their first 64 bits, of which a machine usually has all. When more is to be remembered than
//! [`MOST_KEYS`], what was tried longest ago is forgotten.

use std::collections::HashMap;
use std::net::IpAddr;

use super::secret;

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
        let allowed = self.allows(keys, now);
        if allowed {
            self.failed(keys, now);
        }
        allowed
    }

    /// Whether a try is looked at.
    fn allows(&self, keys: &[String], now: i64) -> bool {
        let recent = |times: &Vec<i64>| times.iter().filter(|time| now - **time < WINDOW).count();
        !keys.iter().any(|key| self.failures.get(key).is_some_and(|times| recent(times) >= MOST))
    }

    /// Counts a wrong try.
    fn failed(&mut self, keys: &[String], now: i64) {
        for key in keys {
            let times = self.failures.entry(key.clone()).or_default();
            times.retain(|time| now - time < WINDOW);
            times.push(now);
        }
        if self.failures.len() > MOST_KEYS {
            self.forget(now);
        }
    }

    /// Makes room for a while: everything that is over, and of the rest the older half when that is not enough.
    fn forget(&mut self, now: i64) {
        let last = |times: &Vec<i64>| times.last().copied().unwrap_or(i64::MIN);
        self.failures.retain(|_, times| now - last(times) < WINDOW);
        if self.failures.len() > MOST_KEYS / 2 {
            let mut ends: Vec<i64> = self.failures.values().map(last).collect();
            let (_, median, _) = ends.select_nth_unstable(self.failures.len() - MOST_KEYS / 2);
            let median = *median;
            self.failures.retain(|_, times| last(times) > median);
        }
    }

    /// The password was right: these keys begin anew.
    pub(crate) fn succeeded(&mut self, keys: &[String]) {
        for key in keys {
            self.failures.remove(key);
        }
    }
}

/// The key of an account's name, of whatever length somebody sent.
pub(crate) fn account(what: &str, name: &str) -> String {
    format!("{what} {}", secret::digest(name))
}

/// The key of an address.
pub(crate) fn address(what: &str, address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(ip)) if ip.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{what} {a:x}:{b:x}:{c:x}:{d:x}")
        }
        _ => format!("{what} {address}"),
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

    #[test]
    fn memory_is_bounded_and_the_latest_are_remembered() {
        let mut attempts = Attempts::default();
        for at in 0..3 * MOST_KEYS {
            attempts.failed(&[format!("address {at}")], i64::try_from(at / 1000).unwrap());
        }
        assert!(attempts.failures.len() <= MOST_KEYS, "{}", attempts.failures.len());
        assert!(attempts.failures.contains_key(&format!("address {}", 3 * MOST_KEYS - 1)));
        assert_eq!(address("a", "2001:db8::1"), address("a", "2001:db8::ffff:1"));
        assert_ne!(address("a", "2001:db8::1"), address("a", "2001:db8:0:1::1"));
        assert_ne!(address("a", "::ffff:192.0.2.1"), address("a", "::ffff:192.0.2.2"));
    }
}
