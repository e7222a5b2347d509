//! Rules that do not match, told before the machinery for matches is set up.
//!
//! Of the rules that a request visits most do not match: `REQUEST_PROTOCOL "!@within HTTP/1.1"`, `&REQUEST_HEADERS:Host "@eq 0"`.
//! A test that says no leaves nothing behind: no effect, no variable, no line (the debug log, where it would be seen, takes
//! the plain way). So a rule's values are collected, transformed and tested by the same code as always, and only when one
//! of them matches, or the operator fails, does the rule begin, from its start. What is done twice then are the tests up to
//! the first match; rules with many or long values are not asked, for whom the machinery is little and the tests are much.
//!
//! Left out are rules whose test does more than to answer, and what writes notices when it is collected ([`can_miss`]).
//! The plain evaluator never asks here, so whatever compares the evaluators compares the two ways.

use std::ops::Range;

use portcullis_operators::Uncaptured;

use crate::ruleset::{Rule, RuleSet, Test};
use crate::transaction::Transaction;
use crate::variables::Value;

/// With more values than this, or with more bytes in them, a rule begins at once.
const MOST_VALUES: usize = 32;
const MOST_BYTES: usize = 4096;

/// Whether a finished rule can be asked here.
pub(crate) fn can_miss(rule: &Rule) -> bool {
    // A negated operator captures when the rule does not match.
    let captures_anyway = rule.operator.negated && rule.capture;
    matches!(rule.operator.test, Test::Pure(_)) && !captures_anyway
}

impl Transaction {
    /// Whether no value of a chain's link matches.
    pub(crate) fn link_misses(&mut self, rules: &RuleSet, rule: &Rule) -> bool {
        self.is_screened() && self.cursor.is_at_start() && self.costs.is_none() && self.misses(rules, rule)
    }

    /// Whether no value of a rule matches. The rule begins here, and the screen is at work.
    pub(crate) fn misses(&mut self, rules: &RuleSet, rule: &Rule) -> bool {
        if !rule.can_miss || rule.bookkeeping.is_some() {
            return false;
        }
        if rule.member.is_some() {
            return self.fails_at_once(rule);
        }
        if let Some(pairs) = self.pairs_of(rules, rule) {
            return self.misses_candidates(rules, rule, pairs);
        }
        // Collecting nodes can fail, which is told.
        if rule.multi_match || rule.targets.iter().any(|target| target.variable.is_xml()) {
            return false;
        }
        let mut values = std::mem::take(&mut self.values);
        self.expand_targets(rule, &mut values);
        let bytes: usize = values.iter().map(|value| value.value.len()).sum();
        let is_small = values.len() <= MOST_VALUES && bytes <= MOST_BYTES;
        let misses = values.is_empty() || is_small && self.none_matches(rules, rule, &values);
        self.values = values;
        misses
    }

    /// Whether a rule matches none of the values that the screen left it. Its targets need not be collected for that: only
    /// those values can match.
    fn misses_candidates(&mut self, rules: &RuleSet, rule: &Rule, pairs: Range<usize>) -> bool {
        let operator = &rule.operator;
        let (Test::Pure(test), Some(argument)) = (&operator.test, operator.argument.as_literal()) else {
            return false;
        };
        let bytes: usize = pairs.clone().map(|pair| self.paired(pair).len()).sum();
        if pairs.len() > MOST_VALUES || bytes > MOST_BYTES {
            return false;
        }
        for pair in pairs {
            let value = self.paired(pair);
            let mut chain = rule.transformations;
            loop {
                let tested = self.transform(rules, value, chain);
                if test.test(self.arena.get(tested), argument, false, &mut self.hit) != Ok(false) {
                    return false;
                }
                // With `multiMatch`, what the beginnings of the chain make is tested too.
                match rules.chains.node(chain).filter(|_| rule.multi_match) {
                    Some(node) => chain = node.parent,
                    None => break,
                }
            }
            // What an operator says follows from the value and its literal argument.
            self.refute(pair);
        }
        true
    }

    fn none_matches(&mut self, rules: &RuleSet, rule: &Rule, values: &[Value]) -> bool {
        let operator = &rule.operator;
        let Test::Pure(test) = &operator.test else { return false };
        let literal = operator.argument.as_literal();
        if literal.is_none() {
            let mut argument = std::mem::take(&mut self.argument);
            argument.clear();
            self.expand_template(&operator.argument, Some(rule), &mut argument);
            self.argument = argument;
        }
        values.iter().all(|value| {
            if operator.negated && self.is_ruled_out(rules, rule, value) {
                return false;
            }
            let tested = self.transform(rules, value.value, rule.transformations);
            let argument = literal.unwrap_or(&self.argument);
            let matched = test.test(self.arena.get(tested), argument, false, &mut self.hit);
            let leaves_nothing = !operator.negated || self.hit.uncaptured != Uncaptured::AlwaysUnset;
            matched.is_ok_and(|matched| matched == operator.negated) && leaves_nothing
        })
    }

    /// Whether a rule that tests one member of TX does not match: most rules of a rule set's own bookkeeping, asked without
    /// the machinery for values. A test that says no leaves nothing behind.
    pub(crate) fn fails_at_once(&mut self, rule: &Rule) -> bool {
        let Some((slot, counts)) = rule.member.filter(|_| !self.traces(4)) else { return false };
        let (Test::Pure(test), Some(argument)) = (&rule.operator.test, rule.operator.argument.as_literal())
        else {
            return false;
        };
        let member = self.tx.slot(slot);
        let value = match (member, counts) {
            (None, false) => return true,
            (None, true) => b"0",
            (Some(_), true) => b"1",
            (Some(member), false) => self.arena.get(member.value),
        };
        matches!(test.test(value, argument, false, &mut self.hit), Ok(false))
    }
}
