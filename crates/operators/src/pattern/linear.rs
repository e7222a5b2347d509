//! The linear engine: `regex_automata`'s meta engine, built from a [`Hir`] at its first use.
//!
//! Rule sets have hundreds of expressions and a process uses few of them for ordinary traffic, because the engine
//! screens values first; so building waits until an expression is really run. It cannot fail by then: the translator
//! has bounded the size, and nothing else can go wrong with a finished expression. The bet on memory is the cache of the
//! lazy DFA, which grows with use up to a capacity that follows the expression's size.

use super::fill;
use crate::Capture;
use regex_automata::meta::{Config, Regex};
use regex_automata::{Input, util::primitives::NonMaxUsize};
use regex_syntax::hir::Hir;
use std::ops::Range;
use std::sync::OnceLock;

/// The least capacity of a lazy DFA's cache, in bytes.
const CACHE: usize = 256 * 1024;
/// Cache bytes per automaton state: room for a few dozen DFA states of the worst size.
const CACHE_PER_STATE: usize = 256;

/// An expression for the linear engine.
#[derive(Debug)]
pub(super) struct Linear {
    hir: Hir,
    states: usize,
    regex: OnceLock<Regex>,
}

impl Linear {
    pub(super) fn new(hir: Hir, states: usize) -> Self {
        Self { hir, states, regex: OnceLock::new() }
    }

    pub(super) fn hir(&self) -> &Hir {
        &self.hir
    }

    fn regex(&self) -> &Regex {
        self.regex.get_or_init(|| {
            let config = Config::new()
                .utf8_empty(false)
                .nfa_size_limit(None)
                .onepass_size_limit(Some(64 * 1024))
                .hybrid_cache_capacity(CACHE.max(self.states * CACHE_PER_STATE));
            let built = Regex::builder().configure(config).build_from_hir(&self.hir);
            // No limit is set that could be passed: see the module's documentation.
            built.expect("an expression of bounded size can be built")
        })
    }

    pub(super) fn is_match(&self, value: &[u8]) -> bool {
        self.regex().is_match(value)
    }

    pub(super) fn find_at(&self, value: &[u8], start: usize) -> Option<Range<usize>> {
        let found = self.regex().search(&Input::new(value).range(start..))?;
        Some(found.range())
    }

    pub(super) fn captures(&self, value: &[u8], start: usize, captures: &mut Vec<Capture>) -> bool {
        let regex = self.regex();
        let input = Input::new(value).range(start..);
        let mut slots: Vec<Option<NonMaxUsize>> = vec![None; regex.captures_len() * 2];
        if regex.search_slots(&input, &mut slots).is_none() {
            return false;
        }
        fill(slots.chunks_exact(2).map(|slot| Some((slot[0]?.get(), slot[1]?.get()))), captures);
        true
    }
}
