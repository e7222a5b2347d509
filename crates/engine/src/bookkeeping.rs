//! Rules that only keep books over TX, without the machinery for values.
//!
//! A rule set counts on its own account: `SecRule &TX:reporting_level "@eq 0" "…,nolog,setvar:tx.reporting_level=4"`, `SecRule
//! TX:detection_paranoia_level "@lt 2" "…,nolog,skipAfter:END-…"`, `SecAction "…,nolog,setvar:…"`. In a small request three of
//! four rules that run are of this kind. They test one member of TX or nothing, log nothing, never intercept, and change
//! TX only. For those of them that [`Bookkeeping::of`] recognises, the steps of `phases` that have nothing to do are left
//! out: no list of values, no transformation, no name written before somebody asks for it.
//!
//! The value is nearly always one digit, so the operator itself is asked about all ten when the rule is compiled; for any
//! other value it is asked when the rule runs. Effects run through the same code as always. With a debug log, while a set
//! in detection runs, when `ctl` has taken targets from the rule, and always in the plain evaluator, the long way is taken:
//! so whatever compares the evaluators compares the two ways.

use portcullis_operators::{Hit, Uncaptured};

use crate::actions::Effect;
use crate::arena::Text;
use crate::ruleset::{Disruptive, Rule, RuleSet, Selector, Target, Test, TxSlot};
use crate::transaction::Transaction;
use crate::variables::{MemberName, Value, Variable};

/// What such a rule tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bookkeeping {
    /// Nothing: it matches.
    Always,
    /// A member of TX, or how many there are of it.
    Member {
        slot: TxSlot,
        counts: bool,
        /// For each digit, whether the rule matches the value that is this digit.
        digits: u16,
    },
}

impl Bookkeeping {
    /// Recognises a finished rule.
    pub(crate) fn of(rule: &Rule) -> Option<Self> {
        let decision = &rule.decision;
        let is_quiet = decision.disruptive == Disruptive::Pass && !decision.log && !decision.audit_log;
        let is_plain = !rule.is_chained && !rule.is_link && !rule.multi_match && !rule.capture;
        // The short way keeps no list of matches.
        let sets_tx = |effect: &Effect| matches!(effect, Effect::SetVar(effect) if effect.sets_known_tx() && !effect.reads_matches());
        if !is_quiet || !is_plain || rule.transformations != 0 || !rule.effects.iter().all(sets_tx) {
            return None;
        }
        let [target] = rule.targets.as_slice() else { return None };
        let digits = digits(rule)?;
        match target {
            Target { exclude: true, .. } => None,
            Target { variable: Variable::Tx, selector: Selector::Slot(slot), count: counts, .. } => {
                Some(Self::Member { slot: *slot, counts: *counts, digits })
            }
            // What SecAction is made of.
            Target { variable: Variable::RemoteAddr, selector: Selector::All, count: false, .. } => {
                (rule.operator.name == "unconditionalMatch" && !rule.operator.negated).then_some(Self::Always)
            }
            _ => None,
        }
    }
}

/// Asks the operator about the ten digits; `None` when it cannot say, or leaves captures behind.
pub(crate) fn digits(rule: &Rule) -> Option<u16> {
    let (Test::Pure(test), Some(argument)) = (&rule.operator.test, rule.operator.argument.as_literal())
    else {
        return None;
    };
    let mut hit = Hit::default();
    let mut digits = 0;
    for digit in 0..10 {
        let matched = test.test(&[b'0' + digit], argument, false, &mut hit).ok()?;
        if !hit.captures.is_empty() || hit.uncaptured == Uncaptured::AlwaysUnset {
            return None;
        }
        digits |= u16::from(matched != rule.operator.negated) << digit;
    }
    Some(digits)
}

impl Transaction {
    /// Runs a rule that only keeps books: whether it matched; `None` when it has to go the long way.
    pub(crate) fn keep_books(&mut self, rules: &RuleSet, rule: &Rule) -> Option<bool> {
        let bookkeeping = rule.bookkeeping.filter(|_| self.is_screened())?;
        if self.detection.running || self.control.rules_with_removed_targets.contains(rule.index) {
            return None;
        }
        let value = match bookkeeping {
            Bookkeeping::Always => (Variable::RemoteAddr, MemberName::Bare, self.constants.client_addr),
            Bookkeeping::Member { slot, counts, digits } => {
                let member = self.tx.slot(slot);
                let (name, text) = match member {
                    _ if counts => (MemberName::Bare, self.constants.digit(member.is_some())),
                    None => return Some(false),
                    Some(member) => (MemberName::Member(member.name), member.value),
                };
                if !self.matches(rule, digits, text)? {
                    return Some(false);
                }
                (Variable::Tx, name, text)
            }
        };
        let (variable, name, text) = value;
        self.note_latest(rules, rule, Some((&Value { variable, name, value: text, target: 0 }, text)));
        for effect in &rule.effects {
            // Setting a member of TX needs nothing from outside.
            let _ = effect.run(self, rule);
        }
        Some(true)
    }

    fn matches(&mut self, rule: &Rule, digits: u16, text: Text) -> Option<bool> {
        let value = self.arena.get(text);
        if let [digit @ b'0'..=b'9'] = value {
            return Some(digits >> (digit - b'0') & 1 == 1);
        }
        let (Test::Pure(test), Some(argument)) = (&rule.operator.test, rule.operator.argument.as_literal())
        else {
            return None;
        };
        let matched = test.test(value, argument, false, &mut self.hit).ok()?;
        // Only for what the digits showed is it certain that nothing is captured.
        let captures =
            matched && (!self.hit.captures.is_empty() || self.hit.uncaptured == Uncaptured::AlwaysUnset);
        (!captures).then_some(matched != rule.operator.negated)
    }
}
