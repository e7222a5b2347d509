//! Positions that are passed over without a look at the rule.
//!
//! Of the rules that a request visits most are told by one small question: `TX:detection_paranoia_level "@lt 2"` by a digit,
//! `REQUEST_HEADERS:Range "…"` by whether there is such a field. For these a rule set keeps the question itself, a few bytes per
//! position of a phase's program, so that a run of them touches neither the rules nor the machinery for values.
//!
//! "It does not match" leaves nothing behind. The same holds of a rule that `ctl` has removed or has taken targets from, so
//! that need not be asked. "It matches" is told only of rules that keep books without an effect (`… "nolog,skipAfter:END"`), which
//! `ctl` has left as they are: what such a match leaves is that it was. What a glance cannot tell is looked at in the
//! ordinary way. The plain evaluator does not glance, so whatever compares the evaluators compares the two ways.

use std::num::NonZero;

use crate::bookkeeping::digits;
use crate::header_names::{HeaderIndex, HeaderNames, is_response};
use crate::ruleset::{Instruction, Rule, RuleSet, Selector, Target, Test, TxSlot};
use crate::transaction::Transaction;
use crate::variables::{MemberName, Value, Variable};
use crate::verdict::Phase;

/// For each position of each phase's program, how it is passed over.
#[derive(Debug, Default)]
pub(crate) struct Glances {
    programs: [Vec<Entry>; 5],
    /// Sets of header names of the request and of the response.
    fields: Vec<[u64; 2]>,
}

/// One position.
#[derive(Debug, Clone, Copy)]
struct Entry {
    glance: Glance,
    /// Where to go on when its rule does not match.
    otherwise: u32,
    /// Where to go on when it matches, for a rule whose match leaves no more than that it was.
    matched: Option<NonZero<u32>>,
}

/// The question that tells that a rule does not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glance {
    /// None: the rule has to be looked at.
    Look,
    /// Whether a member of TX is there, and is one of these digits.
    Member { slot: TxSlot, digits: u16 },
    /// Whether there is a member of TX: one of these digits says how many.
    Members { slot: TxSlot, digits: u16 },
    /// Whether one of a set of header fields is there.
    Fields(u16),
    /// How many fields of one name there are.
    Count { set: u16, digits: u16 },
}

impl Glances {
    /// Of a rule set that is otherwise complete.
    pub(crate) fn of(rules: &RuleSet) -> Self {
        let mut glances = Self::default();
        for phase in Phase::ALL {
            let program = rules.programs.get(phase.index()).map_or(&[][..], Vec::as_slice);
            let mut entries = Vec::with_capacity(program.len());
            for (position, instruction) in program.iter().enumerate() {
                let rule = match instruction {
                    Instruction::Rule(index) => rules.rule(*index),
                    Instruction::Section { .. } => None,
                };
                // The loop sees to it that the prologue is taken.
                let is_prologue = phase == Phase::RequestHeaders
                    && rules.prologue.as_ref().is_some_and(|prologue| prologue.begins_at(position));
                let rule = rule.filter(|_| !is_prologue);
                let glance = rule.and_then(|rule| glances.glance(rule, &rules.header_names));
                entries.push(Entry {
                    glance: glance.unwrap_or(Glance::Look),
                    otherwise: rule.map_or(0, |rule| rule.after_chain),
                    matched: rule.and_then(|rule| behind_match(rule, position)),
                });
            }
            if let Some(program) = glances.programs.get_mut(phase.index()) {
                *program = entries;
            }
        }
        glances
    }

    /// Whether the position of a rule has a question.
    #[cfg(test)]
    pub(crate) fn has_question(
        &self,
        rules: &RuleSet,
        phase: Phase,
        rule: crate::ruleset::RuleIndex,
    ) -> bool {
        let program = rules.programs.get(phase.index()).map_or(&[][..], Vec::as_slice);
        let position = program.iter().position(|instruction| *instruction == Instruction::Rule(rule));
        position.and_then(|at| self.program(phase).get(at)).is_some_and(|entry| entry.glance != Glance::Look)
    }

    fn glance(&mut self, rule: &Rule, names: &HeaderNames) -> Option<Glance> {
        // A script that is a rule runs without values too.
        if matches!(rule.operator.test, Test::Script { inspects: false, .. }) {
            return None;
        }
        if let Some(set) = field_set(rule, names) {
            return self.set(set).map(Glance::Fields);
        }
        let [target] = rule.targets.as_slice() else { return None };
        if target.exclude || !rule.can_miss || rule.transformations != 0 {
            return None;
        }
        match (target.variable, &target.selector, target.count) {
            (Variable::Tx, Selector::Slot(slot), false) => {
                Some(Glance::Member { slot: *slot, digits: digits(rule)? })
            }
            (Variable::Tx, Selector::Slot(slot), true) => {
                Some(Glance::Members { slot: *slot, digits: digits(rule)? })
            }
            (_, _, true) => {
                let set = self.set(bits(target, names)?)?;
                Some(Glance::Count { set, digits: digits(rule)? })
            }
            _ => None,
        }
    }

    fn set(&mut self, set: [u64; 2]) -> Option<u16> {
        let known = self.fields.iter().position(|other| *other == set);
        let number = known.unwrap_or_else(|| {
            self.fields.push(set);
            self.fields.len() - 1
        });
        u16::try_from(number).ok()
    }

    fn program(&self, phase: Phase) -> &[Entry] {
        self.programs.get(phase.index()).map_or(&[], Vec::as_slice)
    }
}

/// Where a match leads of a rule that keeps books without an effect.
fn behind_match(rule: &Rule, position: usize) -> Option<NonZero<u32>> {
    let is_quiet = rule.bookkeeping.is_some() && rule.effects.is_empty();
    let next = u32::try_from(position + 1).ok()?;
    let has_severity = rule.metadata.severity.is_some_and(|severity| severity > 0);
    NonZero::new(rule.jump.unwrap_or(next)).filter(|_| is_quiet && !has_severity)
}

/// The names of a rule that tests header fields by name and nothing else.
fn field_set(rule: &Rule, names: &HeaderNames) -> Option<[u64; 2]> {
    let mut set = [0, 0];
    // What an exclusion takes away only makes the rule match less.
    for target in rule.targets.iter().filter(|target| !target.exclude) {
        let [request, response] = bits(target, names).filter(|_| !target.count)?;
        set = [set[0] | request, set[1] | response];
    }
    Some(set)
}

/// The name of a target as a bit, of the request or of the response.
fn bits(target: &Target, names: &HeaderNames) -> Option<[u64; 2]> {
    let Selector::Name(name) = &target.selector else { return None };
    let bit = names.bit(name)?;
    Some(if is_response(target.variable)? { [0, bit] } else { [bit, 0] })
}

impl Transaction {
    /// The first visited position from the cursor on that a glance does not tell.
    pub(crate) fn next_to_look_at(&mut self, rules: &RuleSet, phase: Phase) -> usize {
        let entries = rules.glances.program(phase);
        let mut position = self.cursor.position;
        loop {
            position = self.screening.next(position);
            let Some(entry) = entries.get(position) else { return position };
            match self.at_a_glance(rules, entry.glance) {
                Some(false) => position = entry.otherwise as usize,
                Some(true) => {
                    match entry.matched.filter(|_| self.note_glance(rules, phase, position, entry.glance)) {
                        Some(next) => position = next.get() as usize,
                        None => return position,
                    }
                }
                None => return position,
            }
        }
    }

    /// Notes what the match of a rule leaves that keeps books without an effect; false when it has to be looked at.
    fn note_glance(&mut self, rules: &RuleSet, phase: Phase, position: usize, glance: Glance) -> bool {
        let program = rules.programs.get(phase.index()).map_or(&[][..], Vec::as_slice);
        let Some(Instruction::Rule(index)) = program.get(position).copied() else { return false };
        let control = &self.control;
        let is_changed =
            control.removed_rules.contains(index) || control.rules_with_removed_targets.contains(index);
        if is_changed || self.detection.running || self.cursor.jumps.is_some() {
            return false;
        }
        let (name, value) = match glance {
            Glance::Member { slot, .. } => {
                let member = self.tx.slot(slot).unwrap_or_default();
                (MemberName::Member(member.name), member.value)
            }
            Glance::Members { slot, .. } => {
                (MemberName::Bare, self.constants.digit(self.tx.slot(slot).is_some()))
            }
            Glance::Look | Glance::Fields(_) | Glance::Count { .. } => return false,
        };
        if !self.detection.is_silent {
            self.matched_rules.push(index);
        }
        self.matched.name = None;
        self.matched.value = value;
        self.matched.source = Some(Value { variable: Variable::Tx, name, value, target: 0 });
        true
    }

    /// Whether a rule matches; `None` when the question does not tell.
    #[inline]
    fn at_a_glance(&self, rules: &RuleSet, glance: Glance) -> Option<bool> {
        let (digit, digits) = match glance {
            Glance::Look => return None,
            Glance::Member { slot, digits } => {
                let Some(member) = self.tx.slot(slot) else { return Some(false) };
                match self.arena.get(member.value) {
                    [digit @ b'0'..=b'9'] => (digit - b'0', digits),
                    _ => return None,
                }
            }
            Glance::Members { slot, digits } => (u8::from(self.tx.slot(slot).is_some()), digits),
            Glance::Fields(set) => {
                let (request, response) = self.fields_of(rules, set);
                let has_any = request.0.has_any(request.1) || response.0.has_any(response.1);
                return (!has_any).then_some(false);
            }
            Glance::Count { set, digits } => {
                let (request, response) = self.fields_of(rules, set);
                // One of the two sets is empty.
                let (request, response) = request.0.count(request.1).zip(response.0.count(response.1))?;
                (request + response, digits)
            }
        };
        Some(digits >> digit & 1 == 1)
    }

    #[inline]
    fn fields_of(&self, rules: &RuleSet, set: u16) -> ((&HeaderIndex, u64), (&HeaderIndex, u64)) {
        let [request, response] = rules.glances.fields.get(usize::from(set)).copied().unwrap_or([!0, !0]);
        ((&self.request.header_index, request), (&self.response.header_index, response))
    }
}
