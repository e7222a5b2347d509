//! What outlives a transaction: its buffers, and what the screen found out about values.
//!
//! A worker keeps one [`Workspace`] per transaction that it runs at a time: `Transaction::new_in(rules, start, workspace)` …
//! `finish_in()` gives it back. A transaction without one works the same and costs some allocations. Nothing of one
//! exchange can be seen by the next: buffers come back empty, and what is kept of values answers questions about the same
//! bytes under the same rule set only.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use portcullis_operators::Hit;

use crate::arena::{Arena, Text};
use crate::hash::OffsetHasher;
use crate::members::TxMembers;
use crate::request::{Argument, Pair};
use crate::ruleset::{ChainId, RuleIndex, RuleSet};
use crate::screen::run::Screening;
use crate::variables::Value;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Workspace {
    /// The rule set of the last transaction.
    pub(crate) rules: Weak<RuleSet>,
    pub(crate) arena: Arena,
    pub(crate) tx: TxMembers,
    pub(crate) screening: Screening,
    pub(crate) transformed: HashMap<(u32, u32, ChainId), Text, OffsetHasher>,
    pub(crate) headers: Vec<Pair>,
    pub(crate) response_headers: Vec<Pair>,
    pub(crate) cookies: Vec<Pair>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) matched_rules: Vec<RuleIndex>,
    pub(crate) matched_values: Vec<(Value, Text)>,
    pub(crate) values: Vec<Value>,
    pub(crate) scratch: Vec<u8>,
    pub(crate) scratch_2: Vec<u8>,
    pub(crate) member_name: Vec<u8>,
    pub(crate) argument: Vec<u8>,
    pub(crate) assigned: Vec<u8>,
    pub(crate) hit: Hit,
}

/// Buffers that one exchange made larger than this are given up.
const LARGEST: usize = 1 << 20;

impl Workspace {
    /// A workspace that remembers values.
    pub fn new() -> Self {
        let mut workspace = Self::default();
        workspace.screening.remember();
        workspace
    }

    /// Prepares for a transaction on a rule set.
    pub(crate) fn begin(&mut self, rules: &Arc<RuleSet>) {
        if !std::ptr::eq(self.rules.as_ptr(), Arc::as_ptr(rules)) {
            self.rules = Arc::downgrade(rules);
            self.screening.forget();
        }
        self.tx.reset(rules.tx_names.len());
    }

    /// Empties what a transaction left.
    pub(crate) fn end(&mut self) {
        if self.arena.capacity() > LARGEST {
            self.arena = Arena::default();
        }
        self.arena.clear();
        self.screening.end();
        self.transformed.clear();
        self.headers.clear();
        self.response_headers.clear();
        self.cookies.clear();
        self.arguments.clear();
        self.matched_rules.clear();
        self.matched_values.clear();
        self.values.clear();
        for buffer in [
            &mut self.scratch,
            &mut self.scratch_2,
            &mut self.member_name,
            &mut self.argument,
            &mut self.assigned,
        ] {
            if buffer.capacity() > LARGEST {
                *buffer = Vec::new();
            }
            buffer.clear();
        }
        self.hit.clear();
    }
}
