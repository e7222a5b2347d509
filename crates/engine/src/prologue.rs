//! What the rules set up in the same way in every transaction, run once when they are compiled.
//!
//! The CRS begins phase 1 with some forty rules like `SecRule &TX:arg_length "@eq 0" "…,nolog,setvar:tx.arg_length=400"`. What
//! they do follows from the configuration alone: TX is empty when they begin. So the first stretch of phase 1 in which every
//! rule that is visited whatever the request either keeps books ([`bookkeeping`](crate::bookkeeping)), with values made of
//! literals and TX, or fails on a member of TX, is run on an empty transaction. What it left (members of TX, the list of
//! matches, the latest match) is copied into each transaction that comes to the stretch as that one did.
//!
//! Why it is the same: the rules of the stretch read members of TX and nothing else, and they begin with the same members,
//! none. It is not used when the screen has found a candidate within the stretch, when TX is not empty, when `ctl` has
//! removed a rule or a target, while a set in detection runs, with a debug log, and when costs are measured; and never by
//! the plain evaluator, so whatever compares the evaluators compares the two ways.

use std::sync::Arc;

use crate::arena::Text;
use crate::members::Member;
use crate::ruleset::{Instruction, Rule, RuleIndex, RuleSet, TxSlot};
use crate::transaction::{Start, Transaction};
use crate::variables::{MemberName, Value, Variable};
use crate::verdict::Phase;

/// Fewer rules than this are not worth a copy.
const WORTHWHILE: usize = 4;

/// A stretch of phase 1 and what it leaves.
#[derive(Debug)]
pub(crate) struct Prologue {
    /// The first position, and the one behind the last that was visited.
    positions: (usize, usize),
    /// Where the loop goes on.
    next: usize,
    /// What the stretch wrote into the arena, and where it began there.
    bytes: Vec<u8>,
    base: usize,
    members: Vec<(TxSlot, Member)>,
    matched: Vec<RuleIndex>,
    latest: Latest,
    highest_severity: i32,
    rules_run: usize,
}

/// The latest match of the stretch.
#[derive(Debug, Clone, Copy)]
enum Latest {
    None,
    /// Of a rule without a test.
    Client,
    /// How many there are of a member.
    Count(bool),
    Member(MemberName, Text),
}

impl Prologue {
    /// Runs the first stretch that is worth it.
    pub(crate) fn of(rules: &Arc<RuleSet>) -> Option<Self> {
        if rules.has_detecting_rules() {
            return None;
        }
        let mut from = 0;
        loop {
            let prologue = Self::from(rules, from)?;
            if prologue.rules_run >= WORTHWHILE {
                return Some(prologue);
            }
            from = prologue.positions.1;
        }
    }

    /// How many rules the stretch has that are not jumped over.
    #[cfg(test)]
    pub(crate) fn rules_run(&self) -> usize {
        self.rules_run
    }

    /// Runs the first stretch from a position on.
    fn from(rules: &Arc<RuleSet>, from: usize) -> Option<Self> {
        let phase = Phase::RequestHeaders;
        let program = rules.programs.get(phase.index())?;
        let start = Start { unique_id: String::new(), wall_micros: 0, utc_offset_seconds: 0 };
        let mut transaction = Transaction::new(Arc::clone(rules), start);
        transaction.cursor.phase = Some(phase);
        transaction.screen_phase(rules, phase);
        let base = transaction.arena.len();
        let (mut positions, mut position, mut rules_run) = (None, from, 0);
        loop {
            // Where the stretch ends, `position` stays behind its last rule: what is only visited for some requests begins there.
            let visited = rules.screen.next_visited(phase, position);
            let Some(Instruction::Rule(index)) = program.get(visited).copied() else { break };
            let rule = rules.rule(index)?;
            transaction.cursor.position = visited;
            if is_constant(rule) {
                // It keeps books: it neither ends the phase nor asks for anything.
                let Ok(None) = transaction.advance(rules, index, rule) else { return None };
            } else if transaction.fails_at_once(rule) {
                transaction.cursor.position = rule.after_chain as usize;
            } else if positions.is_none() {
                position = visited + 1;
                continue;
            } else {
                break;
            }
            let (first, _) = *positions.get_or_insert((visited, visited));
            positions = Some((first, visited + 1));
            position = transaction.cursor.position;
            rules_run += 1;
        }
        Some(Self {
            positions: positions?,
            next: position,
            bytes: transaction.arena.bytes_from(base).to_vec(),
            base,
            members: transaction.tx.slots().collect(),
            matched: transaction.matched_rules.clone(),
            latest: transaction.latest(),
            highest_severity: transaction.highest_severity,
            rules_run,
        })
    }

    /// Whether it begins at a position of phase 1.
    pub(crate) fn begins_at(&self, position: usize) -> bool {
        self.positions.0 == position
    }
}

/// Whether a rule keeps books with values that the configuration and TX decide.
fn is_constant(rule: &Rule) -> bool {
    rule.bookkeeping.is_some() && rule.effects.iter().all(crate::actions::Effect::is_made_of_tx)
}

impl Transaction {
    fn latest(&self) -> Latest {
        match self.matched.source {
            None => Latest::None,
            Some(Value { variable: Variable::Tx, name: MemberName::Bare, value, .. }) => {
                Latest::Count(self.arena.get(value) == b"1")
            }
            Some(Value { variable: Variable::Tx, name, value, .. }) => Latest::Member(name, value),
            Some(_) => Latest::Client,
        }
    }

    /// Does what the prologue's rules would do and moves the cursor behind them; false when they have to run.
    pub(crate) fn take_prologue(&mut self, prologue: &Prologue) -> bool {
        let (first, behind) = prologue.positions;
        let may_take = self.cursor.phase == Some(Phase::RequestHeaders)
            && self.costs.is_none()
            && self.tx.is_untouched()
            && !self.detection.running
            && self.control.removed_rules.is_empty()
            && self.control.rules_with_removed_targets.is_empty()
            && self.screening.visits_only_what_always_is(&self.rules.screen, first..behind);
        if !may_take {
            return false;
        }
        let to = self.arena.len();
        self.arena.push(&prologue.bytes);
        // What stands before the stretch in the arena is the client's address and the two digits, which are not moved.
        let moved = |text: Text| text.moved(prologue.base, to);
        let member =
            |member: Member| Member { value: moved(member.value), name: moved(member.name), ..member };
        self.tx.begin_with(prologue.members.iter().map(|(slot, of)| (*slot, member(*of))));
        self.matched_rules.extend_from_slice(&prologue.matched);
        self.highest_severity = self.highest_severity.min(prologue.highest_severity);
        let latest = match prologue.latest {
            Latest::None => None,
            Latest::Client => Some((Variable::RemoteAddr, MemberName::Bare, self.constants.client_addr)),
            Latest::Count(one) => Some((Variable::Tx, MemberName::Bare, self.constants.digit(one))),
            Latest::Member(MemberName::Member(name), value) => {
                Some((Variable::Tx, MemberName::Member(moved(name)), moved(value)))
            }
            Latest::Member(name, value) => Some((Variable::Tx, name, moved(value))),
        };
        if let Some((variable, name, value)) = latest {
            self.matched.name = None;
            self.matched.value = value;
            self.matched.source = Some(Value { variable, name, value, target: 0 });
        }
        self.cursor.position = prologue.next;
        true
    }
}
