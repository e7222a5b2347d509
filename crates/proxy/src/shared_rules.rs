//! The rule set in force, and the site's own error pages, shared by all workers and replaced while they run.
//!
//! `replace(new)` takes effect with the next request; a transaction keeps the rule set it began with.

use std::sync::Arc;

use arc_swap::ArcSwap;
use portcullis_engine::RuleSet;

use crate::error_pages::ErrorPages;

/// A handle on the rule set in force.
#[derive(Debug)]
pub struct SharedRules {
    current: ArcSwap<RuleSet>,
    pages: ArcSwap<ErrorPages>,
}

impl SharedRules {
    /// Begins with this rule set.
    pub fn new(rules: Arc<RuleSet>) -> Self {
        Self { current: ArcSwap::new(rules), pages: ArcSwap::default() }
    }

    /// The rule set in force.
    pub fn load(&self) -> Arc<RuleSet> {
        self.current.load_full()
    }

    /// Puts another one in force.
    pub fn replace(&self, rules: Arc<RuleSet>) {
        self.current.store(rules);
    }

    /// The error pages in force.
    pub fn pages(&self) -> Arc<ErrorPages> {
        self.pages.load_full()
    }

    /// Puts other error pages in force.
    pub fn replace_pages(&self, pages: Arc<ErrorPages>) {
        self.pages.store(pages);
    }
}
