//! How much of all bodies together a worker holds for its rules.
//!
//! Each body has limits of its own, but thousands of clients can send large ones at once, and the engine keeps what it
//! inspects. A [`Reservation`] grows with each piece of a body that is held, request or response, and gives everything
//! back when its exchange ends. When the worker's budget is used up, the exchange that wants more is answered 503.

use std::cell::Cell;

/// The budget of a worker.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    used: Cell<u64>,
}

impl Budget {
    /// A budget of this many bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, used: Cell::new(0) }
    }

    /// Nothing yet.
    pub(crate) fn reserve(&self) -> Reservation<'_> {
        Reservation { budget: self, bytes: 0 }
    }
}

/// What one exchange holds.
#[derive(Debug)]
pub(crate) struct Reservation<'b> {
    budget: &'b Budget,
    bytes: u64,
}

impl Reservation<'_> {
    /// Takes more; false, and nothing taken, when there is not enough left.
    #[must_use]
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        let used = self.budget.used.get().saturating_add(bytes);
        if used > self.budget.limit {
            return false;
        }
        self.budget.used.set(used);
        self.bytes += bytes;
        true
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.budget.used.set(self.budget.used.get() - self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let budget = Budget::new(10);
        let (mut a, mut b) = (budget.reserve(), budget.reserve());
        assert!(a.grow(6) && b.grow(4));
        assert!(!a.grow(1) && a.grow(0));
        drop(b);
        assert!(a.grow(4) && !a.grow(1));
        drop(a);
        assert!(budget.reserve().grow(10));
    }
}
