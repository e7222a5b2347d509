//! Rule sets in detection: they run, log and score apart, and nothing they do reaches the decision.
//!
//! ```text
//! blocking    every rule of a set that protects; its TX, its matches, its jumps
//! detection   every rule, on a TX of its own from the first match of a detecting rule on; never blocks, logs what differs
//! ```
//!
//! A phase is run in two worlds side by side: a detecting rule in the second only, a protecting one in the first, and in the
//! second too where it could come out differently. So a protecting rule that sums up scores decides on the blocking world's
//! scores, and where it would have decided otherwise with the detecting sets in protection, it logs that as a warning.
//! docs/rule-states.md says what stays correct and why. [`crate::phases`] calls this when a rule set has detecting rules;
//! without one nothing here runs.

use std::sync::Arc;

use crate::actions::RemovedTarget;
use crate::macros::Template;
use crate::members::TxMembers;
use crate::phases::Suspended;
use crate::record::EngineMode;
use crate::ruleset::{BitSet, Instruction, Rule, RuleIndex, RuleSet};
use crate::transaction::{Matched, Transaction};
use crate::variables::Variable;
use crate::verdict::{Phase, Verdict};

/// The tag that log lines of the detection world carry.
pub const TAG: &[u8] = b"portcullis/detect";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum World {
    Blocking,
    Detection,
}

/// What the detection world has of its own.
#[derive(Debug)]
pub(crate) struct Detection {
    /// Its rules are running now; the transaction's TX and matches are its own.
    pub(crate) running: bool,
    /// The blocking world logged this rule's match already.
    pub(crate) is_silent: bool,
    /// TX, from the first write on; the other world's while this one runs.
    tx: Option<TxMembers>,
    matched: Matched,
    highest_severity: i32,
    /// What `ctl` of detecting rules removed.
    pub(crate) removed_rules: BitSet,
    pub(crate) rules_with_removed_targets: BitSet,
    pub(crate) removed_targets: Vec<(Arc<BitSet>, Arc<Vec<RemovedTarget>>)>,
    /// A detecting rule has matched: from now on the worlds may differ.
    has_diverged: bool,
    /// Where each world goes on in this phase.
    blocking_next: usize,
    detection_next: usize,
    /// The chain that is run, by its first position, and in which world.
    turn: Option<(World, usize)>,
    /// How many matches there were before it.
    matches_before: usize,
    /// The chain the blocking world ran last: where, whether its first rule matched, where it went on.
    last: Option<(usize, bool, usize)>,
}

impl Default for Detection {
    fn default() -> Self {
        Self {
            running: false,
            is_silent: false,
            tx: None,
            matched: Matched::default(),
            highest_severity: 255,
            removed_rules: BitSet::default(),
            rules_with_removed_targets: BitSet::default(),
            removed_targets: Vec::new(),
            has_diverged: false,
            blocking_next: 0,
            detection_next: 0,
            turn: None,
            matches_before: 0,
            last: None,
        }
    }
}

impl Detection {
    /// Both worlds start at the first rule of a phase.
    pub(crate) fn begin_phase(&mut self) {
        self.matched.vars.clear();
        (self.blocking_next, self.detection_next) = (0, 0);
        (self.turn, self.last) = (None, None);
    }
}

impl Transaction {
    /// Runs a phase of a rule set with detecting rules.
    pub(crate) fn run_phase_in_two_worlds(
        &mut self,
        rules: &Arc<RuleSet>,
        phase: Phase,
    ) -> Result<Verdict, Suspended> {
        let program = rules.programs.get(phase.index()).map_or(&[][..], Vec::as_slice);
        loop {
            let (world, at) = match self.detection.turn {
                Some(turn) => turn,
                None => self.next_turn(),
            };
            if self.detection.turn.is_none() && self.is_screened() {
                // No world has a value for the rules that the screen leaves out.
                let next = self.screening.next(at);
                if next != at {
                    self.go_on(world, next);
                    continue;
                }
            }
            let Some(instruction) = program.get(at) else { return Ok(Verdict::Pass) };
            let index = match instruction {
                Instruction::Section { section, otherwise } => {
                    let applies = self.section_applies(rules, *section);
                    self.go_on(world, if applies { at + 1 } else { *otherwise as usize });
                    continue;
                }
                Instruction::Rule(index) => *index,
            };
            let Some(rule) = rules.rule(index) else { return Ok(Verdict::Pass) };
            let ran = match world {
                World::Blocking => self.blocking_turn(rules, program, at, rule)?,
                World::Detection => self.detection_turn(rules, program, at, rule)?,
            };
            if let Some(verdict) = ran {
                return Ok(verdict);
            }
            if self.control.engine == EngineMode::Off {
                return Ok(Verdict::Pass);
            }
        }
    }

    /// The world that is behind, the blocking one first.
    fn next_turn(&self) -> (World, usize) {
        let detection = &self.detection;
        if detection.blocking_next <= detection.detection_next {
            (World::Blocking, detection.blocking_next)
        } else {
            (World::Detection, detection.detection_next)
        }
    }

    fn go_on(&mut self, world: World, at: usize) {
        self.detection.turn = None;
        match world {
            World::Blocking => self.detection.blocking_next = at,
            World::Detection => self.detection.detection_next = at,
        }
    }

    fn blocking_turn(
        &mut self,
        rules: &Arc<RuleSet>,
        program: &[Instruction],
        at: usize,
        rule: &Rule,
    ) -> Result<Option<Verdict>, Suspended> {
        if rules.is_detecting(rule) {
            self.go_on(World::Blocking, rule.after_chain as usize);
            return Ok(None);
        }
        let before = self.begin_turn(World::Blocking, at);
        if let Some(verdict) = self.run_chain(rules, program, at)? {
            return Ok(Some(verdict));
        }
        let (next, matched) = (self.cursor.position, self.matched_rules.len() > before);
        self.detection.last = Some((at, matched, next));
        self.go_on(World::Blocking, next);
        Ok(None)
    }

    fn detection_turn(
        &mut self,
        rules: &Arc<RuleSet>,
        program: &[Instruction],
        at: usize,
        rule: &Rule,
    ) -> Result<Option<Verdict>, Suspended> {
        let last = self.detection.last.filter(|(place, ..)| *place == at);
        let is_detecting = rules.is_detecting(rule);
        let differs = |(_, matched, _): &(usize, bool, usize)| {
            self.detection.has_diverged && (*matched || depends_on_other_rules(rule))
        };
        if !is_detecting && let Some((_, _, next)) = last.filter(|last| !differs(last)) {
            self.go_on(World::Detection, next);
            return Ok(None);
        }
        self.begin_turn(World::Detection, at);
        self.detection.is_silent = last.is_some_and(|(_, matched, _)| matched);
        let before = self.matched_rules.len();
        self.enter_detection();
        let ran = self.run_chain(rules, program, at);
        self.leave_detection();
        self.detection.is_silent = false;
        // A chain left in the middle may have matched in its first links already.
        self.detection.has_diverged |= is_detecting && (self.matched_rules.len() > before || ran.is_err());
        ran?;
        self.go_on(World::Detection, self.cursor.position);
        Ok(None)
    }

    /// Notes whose turn it is; a chain that was left in the middle goes on where it stood.
    fn begin_turn(&mut self, world: World, at: usize) -> usize {
        if self.detection.turn.is_none() {
            self.detection.turn = Some((world, at));
            self.cursor.position = at;
            self.detection.matches_before = self.matched_rules.len();
        }
        self.detection.matches_before
    }

    /// Runs one rule, or one chain to its end.
    fn run_chain(
        &mut self,
        rules: &Arc<RuleSet>,
        program: &[Instruction],
        at: usize,
    ) -> Result<Option<Verdict>, Suspended> {
        loop {
            let position = self.cursor.position;
            let Some(Instruction::Rule(index)) = program.get(position) else { return Ok(None) };
            let Some(rule) = rules.rule(*index) else { return Ok(None) };
            if position != at && !rule.is_link {
                return Ok(None);
            }
            if let Some(verdict) = self.advance(rules, *index, rule)? {
                return Ok(Some(verdict));
            }
            if !rule.is_chained || self.control.engine == EngineMode::Off {
                return Ok(None);
            }
        }
    }

    fn enter_detection(&mut self) {
        self.detection.running = true;
        std::mem::swap(&mut self.matched, &mut self.detection.matched);
        let blocking = self.highest_severity;
        self.highest_severity = blocking.min(self.detection.highest_severity);
        self.detection.highest_severity = blocking;
        match &mut self.detection.tx {
            Some(tx) => std::mem::swap(&mut self.tx, tx),
            None => self.tx.keep_original(),
        }
    }

    fn leave_detection(&mut self) {
        self.detection.running = false;
        std::mem::swap(&mut self.matched, &mut self.detection.matched);
        std::mem::swap(&mut self.highest_severity, &mut self.detection.highest_severity);
        match &mut self.detection.tx {
            Some(tx) => std::mem::swap(&mut self.tx, tx),
            None => {
                if let Some(original) = self.tx.take_original() {
                    self.detection.tx = Some(std::mem::replace(&mut self.tx, original));
                }
            }
        }
    }

    /// Whether `ctl` has removed a rule where rules run now.
    pub(crate) fn is_removed(&self, index: RuleIndex) -> bool {
        self.control.removed_rules.contains(index)
            || self.detection.running && self.detection.removed_rules.contains(index)
    }
}

/// Whether a rule can come out differently when other rules have matched before it.
fn depends_on_other_rules(rule: &Rule) -> bool {
    let has_macro = |template: &Template| template.as_literal().is_none();
    let reads = |variable: Variable| {
        matches!(
            variable,
            Variable::Tx
                | Variable::HighestSeverity
                | Variable::MatchedVar
                | Variable::MatchedVarName
                | Variable::MatchedVars
                | Variable::MatchedVarsNames
        )
    };
    has_macro(&rule.operator.argument)
        || rule.operator.negated && rule.capture
        || rule.targets.iter().any(|target| reads(target.variable))
}
