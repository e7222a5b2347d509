//! Positions that are passed over without a look at the rule.
//!
//! Of the rules that a request visits most are told by one small question: `TX:detection_paranoia_level "@lt 2"` by a digit,
//! `REQUEST_HEADERS:Range "…"` by whether there is such a field. For these a rule set keeps the question itself, a few bytes per
//! position of a phase's program, so that a run of them touches neither the rules nor the machinery for values.
//!
//! Only "it does not match" is told here, which leaves nothing behind. The same holds of a rule that `ctl` has removed or
//! has taken targets from, so that need not be asked. What a glance cannot tell is looked at in the ordinary way. The plain
//! evaluator does not glance, so whatever compares the evaluators compares the two ways.

use crate::bookkeeping::digits;
use crate::header_names::{HeaderIndex, HeaderNames, is_response};
use crate::ruleset::{Instruction, Rule, RuleSet, Selector, Target, Test, TxSlot};
use crate::transaction::Transaction;
use crate::variables::Variable;
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
    /// The first visited position from the cursor on that a glance does not pass over.
    pub(crate) fn next_to_look_at(&self, rules: &RuleSet, phase: Phase) -> usize {
        let entries = rules.glances.program(phase);
        let mut position = self.cursor.position;
        loop {
            position = self.screening.next(position);
            match entries.get(position) {
                Some(entry) if self.says_no(rules, entry.glance) => position = entry.otherwise as usize,
                _ => return position,
            }
        }
    }

    #[inline]
    fn says_no(&self, rules: &RuleSet, glance: Glance) -> bool {
        let (digit, digits) = match glance {
            Glance::Look => return false,
            Glance::Member { slot, digits } => {
                let Some(member) = self.tx.slot(slot) else { return true };
                match self.arena.get(member.value) {
                    [digit @ b'0'..=b'9'] => (digit - b'0', digits),
                    _ => return false,
                }
            }
            Glance::Members { slot, digits } => (u8::from(self.tx.slot(slot).is_some()), digits),
            Glance::Fields(set) => {
                let (request, response) = self.fields_of(rules, set);
                return !request.0.has_any(request.1) && !response.0.has_any(response.1);
            }
            Glance::Count { set, digits } => {
                let (request, response) = self.fields_of(rules, set);
                // One of the two sets is empty.
                match request.0.count(request.1).zip(response.0.count(response.1)) {
                    Some((request, response)) => (request + response, digits),
                    None => return false,
                }
            }
        };
        digits >> digit & 1 == 0
    }

    #[inline]
    fn fields_of(&self, rules: &RuleSet, set: u16) -> ((&HeaderIndex, u64), (&HeaderIndex, u64)) {
        let [request, response] = rules.glances.fields.get(usize::from(set)).copied().unwrap_or([!0, !0]);
        ((&self.request.header_index, request), (&self.response.header_index, response))
    }
}
