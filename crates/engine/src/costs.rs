//! What rules cost: time by rule and by phase, visits, and how many rules the screen left for a value.
//!
//! A transaction that is given a [`Costs`] adds to it, whoever measures hands the same one from transaction to transaction.
//! The clock comes with it, since the engine has none. It is read twice for each rule visited, so a rule's figure is some
//! tens of nanoseconds too high; a transaction without it pays a test of a null pointer per rule.

use std::collections::{BTreeMap, HashMap};

use crate::ruleset::RuleIndex;
use crate::transaction::Transaction;
use crate::verdict::Phase;

/// Sums over the transactions that were measured.
#[derive(Debug)]
pub struct Costs {
    clock: fn() -> u64,
    /// By index of the rule or chain link, as in [`crate::RuleSet::describe`].
    pub rules: HashMap<u32, RuleCost>,
    /// Nanoseconds in each phase, screening included.
    pub phases: [u64; 5],
    /// Nanoseconds the screen took.
    pub screen: u64,
    /// Values that were screened; one that several kinds of targets name counts for each.
    pub values: u64,
    /// Pairs of a value and a rule that could match it.
    pub candidates: u64,
}

/// What one rule cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleCost {
    /// How often it was run.
    pub visits: u64,
    /// How often it, or this link of a chain, matched.
    pub matches: u64,
    /// Nanoseconds.
    pub time: u64,
}

impl Costs {
    /// Nothing yet. `clock` tells nanoseconds since some moment.
    pub fn new(clock: fn() -> u64) -> Self {
        let rules = HashMap::new();
        Self { clock, rules, phases: [0; 5], screen: 0, values: 0, candidates: 0 }
    }

    /// Time since `begun`.
    fn since(&self, begun: u64) -> u64 {
        (self.clock)().saturating_sub(begun)
    }
}

impl Transaction {
    /// Adds what rules cost to `costs` from now on.
    pub fn set_costs(&mut self, costs: Box<Costs>) {
        self.costs = Some(costs);
    }

    /// What has been measured.
    pub fn take_costs(&mut self) -> Option<Box<Costs>> {
        self.costs.take()
    }

    /// Whether the rule set wants its rules timed (`SecRulePerfTime`): a driver with a clock then calls
    /// [`Transaction::set_costs`].
    pub fn times_rules(&self) -> bool {
        self.rules.settings.rule_perf_time.is_some()
    }

    /// Rules, by the id of their chain's first, and the microseconds they took, from `SecRulePerfTime` on.
    pub(crate) fn slow_rules(&self) -> Vec<(u64, u64)> {
        let (Some(limit), Some(costs)) = (self.rules.settings.rule_perf_time, &self.costs) else {
            return Vec::new();
        };
        let mut sums = BTreeMap::new();
        for (index, cost) in &costs.rules {
            let starter = self.rules.rule(*index).and_then(|rule| self.rules.rule(rule.starter));
            if let Some(id) = starter.map(|rule| rule.id).filter(|id| *id != 0) {
                *sums.entry(id).or_insert(0) += cost.time;
            }
        }
        sums.into_iter().map(|(id, time)| (id, time / 1000)).filter(|(_, time)| *time >= limit).collect()
    }

    /// The time, when somebody measures.
    pub(crate) fn clock(&self) -> Option<u64> {
        self.costs.as_ref().map(|costs| (costs.clock)())
    }

    pub(crate) fn note_phase(&mut self, phase: Phase, begun: u64) {
        if let Some(costs) = &mut self.costs {
            let time = costs.since(begun);
            if let Some(sum) = costs.phases.get_mut(phase.index()) {
                *sum += time;
            }
        }
    }

    pub(crate) fn note_screen(&mut self, begun: u64, values: usize, candidates: usize) {
        if let Some(costs) = &mut self.costs {
            costs.screen += costs.since(begun);
            costs.values += values as u64;
            costs.candidates += candidates as u64;
        }
    }

    pub(crate) fn note_rule(&mut self, rule: RuleIndex, begun: u64, matched: bool) {
        if let Some(costs) = &mut self.costs {
            let time = costs.since(begun);
            let sum = costs.rules.entry(rule).or_default();
            sum.visits += 1;
            sum.matches += u64::from(matched);
            sum.time += time;
        }
    }
}
