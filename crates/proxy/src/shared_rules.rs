//! The rule set in force, shared by all workers and replaced while they run.
//!
//! `replace(new)` takes effect with the next request; a transaction keeps the rule set it began with.

use std::sync::Arc;

use arc_swap::ArcSwap;
use portcullis_engine::RuleSet;

/// A handle on the rule set in force.
#[derive(Debug)]
pub struct SharedRules {
    current: ArcSwap<RuleSet>,
}

impl SharedRules {
    /// Begins with this rule set.
    pub fn new(rules: Arc<RuleSet>) -> Self {
        Self { current: ArcSwap::new(rules) }
    }

    /// The rule set in force.
    pub fn load(&self) -> Arc<RuleSet> {
        self.current.load_full()
    }

    /// Puts another one in force.
    pub fn replace(&self, rules: Arc<RuleSet>) {
        self.current.store(rules);
    }
}
