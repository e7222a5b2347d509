//! The screen at work in a transaction: at the beginning of a phase, which of its rules could match which values.
//!
//! What comes out is a list of pairs (unit, value) and a bit per position of the phase's program. The loop in `phases` visits the positions with a bit, and a screened rule tests only the values it is
//! paired with: for the others its operator would say no, and a test that says no leaves nothing behind.
//!
//! What was scanned for an earlier phase is not scanned again; a value that is new or has been replaced is.

use std::ops::Range;

use portcullis_transformations::Tables;

use super::memory::{Known, Memory, PlaceNumber, Question};
use super::plan::{Half, Screen, Source, half_of, next_bit};
use super::results::Results;
use super::scanner::Unit;
use crate::arena::{Arena, Text};
use crate::ruleset::{Rule, RuleSet, Selector};
use crate::transaction::Transaction;
use crate::variables::{MemberName, Value};
use crate::verdict::Phase;

/// Which evaluator runs a transaction's rules. They differ in speed only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Evaluation {
    /// Every rule tests every value.
    Plain,
    /// Values are screened first; a rule that cannot match is passed over.
    #[default]
    Screened,
}

/// What the screen found out for the half that is running, and what it keeps for later transactions.
#[derive(Debug, Default)]
pub(crate) struct Screening {
    evaluation: Evaluation,
    /// The phase that `visits` is for.
    phase: Option<Phase>,
    half: Option<usize>,
    /// In order of units once a phase has begun.
    pairs: Vec<Pair>,
    /// Units whose values could not be had: they run as if there were no screen.
    unscreened: Vec<Unit>,
    /// Positions of the running phase's program to visit.
    visits: Vec<u64>,
    /// The values of each source as they were scanned, and where in the list each source begins.
    scanned: Vec<Text>,
    starts: Vec<usize>,
    /// What each source's values are the values of ([`Request::state_of`](crate::request::Request::state_of)).
    states: Vec<Option<usize>>,
    /// `scanned` and `starts` of the phase before.
    scanned_before: Vec<Text>,
    starts_before: Vec<usize>,
    /// Values that memory knows nothing of.
    asked: Vec<Asked>,
    results: Results,
    memory: Memory,
}

/// A unit could match a value.
#[derive(Debug, Clone, Copy)]
struct Pair {
    unit: Unit,
    value: Text,
    /// Where memory says so.
    place: PlaceNumber,
}

/// A value of a source, about which nothing is known yet.
#[derive(Debug, Clone, Copy)]
struct Asked {
    value: Text,
    /// Index in [`Half::sources`].
    source: usize,
    /// Empty where it does not matter.
    name: Text,
    /// Of the question.
    hash: u64,
}

impl Asked {
    fn question<'a>(&self, half: Option<usize>, arena: &'a Arena) -> Question<'a> {
        let source = (self.source * 2 + half.unwrap_or(0)) as u32;
        Question { source, name: arena.get(self.name), value: arena.get(self.value) }
    }
}

impl Screening {
    /// Keeps answers about values from now on.
    pub(crate) fn remember(&mut self) {
        self.memory = Memory::new();
    }

    /// Forgets the answers: the rule set is another one.
    pub(crate) fn forget(&mut self) {
        self.memory.clear();
    }

    /// Forgets the transaction.
    pub(crate) fn end(&mut self) {
        self.evaluation = Evaluation::default();
        self.phase = None;
        self.half = None;
        self.pairs.clear();
        self.unscreened.clear();
        self.scanned.clear();
        self.starts.clear();
        self.states.clear();
    }

    /// The next position to visit, from `position` on.
    pub(crate) fn next(&self, position: usize) -> usize {
        next_bit(&self.visits, position)
    }

    /// Whether no candidate has been found at these positions of the running phase.
    pub(crate) fn visits_only_what_always_is(&self, screen: &Screen, positions: Range<usize>) -> bool {
        let Some(phase) = self.phase else { return false };
        let always = screen.visited(phase);
        let (first, last) = (positions.start / 64, positions.end.saturating_sub(1) / 64);
        (first..=last).all(|word| {
            let behind = positions.end - word * 64;
            let before = if behind >= 64 { u64::MAX } else { (1 << behind) - 1 };
            let from = u64::MAX << positions.start.saturating_sub(word * 64);
            let differ = self.visits.get(word).copied().unwrap_or(0) ^ always.get(word).copied().unwrap_or(0);
            differ & before & from == 0
        })
    }

    /// Where the values of a source stand among those of the phase before.
    fn before(&self, source: usize) -> Range<usize> {
        let end = self.scanned_before.len();
        let start = |source: usize| self.starts_before.get(source).copied().unwrap_or(end);
        start(source)..start(source + 1)
    }

    /// The values that a unit could match.
    fn pairs_of(&self, unit: Unit) -> Range<usize> {
        let from = self.pairs.partition_point(|pair| pair.unit < unit);
        let rest = self.pairs.get(from..).unwrap_or_default();
        from..from + rest.iter().take_while(|pair| pair.unit == unit).count()
    }

    /// Whether a unit could match a value.
    fn has_pair(&self, unit: Unit, value: Text) -> bool {
        let pairs = self.pairs.get(self.pairs_of(unit)).unwrap_or_default();
        pairs.iter().any(|pair| pair.value == value)
    }
}

impl Transaction {
    /// Chooses the evaluator. Without a call the screened one runs.
    pub fn set_evaluation(&mut self, evaluation: Evaluation) {
        self.screening.evaluation = evaluation;
    }

    /// Whether rules may be passed over. What a debug log shows of a rule that does not match is the plain evaluator's.
    pub(crate) fn is_screened(&self) -> bool {
        self.screening.phase.is_some() && self.screening.phase == self.cursor.phase && !self.traces(4)
    }

    /// Screens the values of a phase that begins.
    pub(crate) fn screen_phase(&mut self, rules: &RuleSet, phase: Phase) {
        self.screening.phase = None;
        let Some(half) = rules
            .screen
            .half(phase)
            .filter(|_| self.screening.evaluation == Evaluation::Screened && !self.traces(4))
        else {
            return;
        };
        let begun = self.clock();
        let mut screening = std::mem::take(&mut self.screening);
        let mut values = std::mem::take(&mut self.values);
        screening.phase = Some(phase);
        if screening.half.replace(half_of(phase)) != Some(half_of(phase)) {
            screening.pairs.clear();
            screening.unscreened.clear();
            screening.scanned.clear();
            screening.starts.clear();
            screening.states.clear();
        }
        let pairs_before = screening.pairs.len();
        screening.states.resize(half.sources.len(), None);
        std::mem::swap(&mut screening.scanned, &mut screening.scanned_before);
        std::mem::swap(&mut screening.starts, &mut screening.starts_before);
        screening.scanned.clear();
        screening.starts.clear();
        for (index, source) in half.sources.iter().enumerate() {
            screening.starts.push(screening.scanned.len());
            if source.from <= phase {
                self.ask_about_source(rules, half, index, &mut values, &mut screening);
            }
        }
        self.screen_asked(rules, half, &mut screening);
        self.values = values;
        if let Some(begun) = begun {
            let values = screening.scanned.len().saturating_sub(screening.scanned_before.len());
            self.note_screen(begun, values, screening.pairs.len() - pairs_before);
        }
        screening.pairs.sort_unstable_by_key(|pair| (pair.unit, pair.value.key()));
        screening.visits.clear();
        screening.visits.extend_from_slice(rules.screen.visited(phase));
        for unit in screening.pairs.iter().map(|pair| &pair.unit).chain(&screening.unscreened) {
            let Some(plan) = half.units.get(*unit as usize).filter(|plan| plan.phase == phase) else {
                continue;
            };
            if let Some(word) = screening.visits.get_mut(plan.position / 64) {
                *word |= 1 << (plan.position % 64);
            }
        }
        self.screening = screening;
    }

    /// Answers from memory, or asks, about the values of a source that are not among the known ones.
    fn ask_about_source(
        &mut self,
        rules: &RuleSet,
        half: &Half,
        index: usize,
        values: &mut Vec<Value>,
        screening: &mut Screening,
    ) {
        let Some(source) = half.sources.get(index) else { return };
        let before = screening.before(index);
        let state = self.request.state_of(source.variable);
        let state_before = screening.states.get_mut(index).and_then(|slot| std::mem::replace(slot, state));
        if state.is_some() && state == state_before {
            screening.scanned.extend_from_slice(screening.scanned_before.get(before).unwrap_or_default());
            return;
        }
        values.clear();
        if !self.collect_source(rules, source, values) {
            screening.unscreened.extend(source.all_units());
            return;
        }
        let Screening { memory, pairs, asked, half, scanned, scanned_before, .. } = screening;
        let known = scanned_before.get(before).unwrap_or_default();
        for (position, value) in values.iter().enumerate() {
            let value_text = value.value;
            scanned.push(value_text);
            if known.get(position) == Some(&value_text) {
                continue;
            }
            let name = match value.name {
                MemberName::Member(name) if source.tells_names() => name,
                _ => Text::EMPTY,
            };
            let mut ask = Asked { value: value_text, source: index, name, hash: 0 };
            match memory.find(ask.question(*half, &self.arena)) {
                Known::Units(units, place) => {
                    pairs.extend(units.iter().map(|unit| Pair { unit: *unit, value: value_text, place }));
                }
                Known::Nothing(hash) => {
                    ask.hash = hash;
                    asked.push(ask);
                }
            }
        }
    }

    /// Screens what nobody knows. A value that several sources hold is scanned and transformed once.
    fn screen_asked(&self, rules: &RuleSet, half: &Half, screening: &mut Screening) {
        let tables = Tables { unicode: rules.unicode.as_deref() };
        let Screening { asked, results, memory, pairs, half: number, .. } = screening;
        let group = |ask: &Asked| half.sources.get(ask.source).map_or(0, |source| source.group);
        asked.sort_unstable_by_key(|ask| (ask.value.key(), group(ask), ask.source, ask.name.key()));
        let mut begun = None;
        for ask in asked.drain(..) {
            let Some(source) = half.sources.get(ask.source) else { continue };
            let question = ask.question(*number, &self.arena);
            let begins = Some((ask.value, source.group));
            if begun.replace((ask.value, source.group)) != begins {
                results.begin(half, source, question.value);
            }
            let units = results.units(half, source, question, &tables);
            let pair = |unit: &Unit| Pair { unit: *unit, value: ask.value, place: PlaceNumber::NOWHERE };
            pairs.extend(units.iter().map(pair));
            memory.keep(question, ask.hash, units);
        }
    }

    /// Appends the values of a source; false when they cannot be had, which the rule that asks will report.
    fn collect_source(&mut self, rules: &RuleSet, source: &Source, values: &mut Vec<Value>) -> bool {
        if let Selector::XPath(path) = &source.selector
            && !self.select_xml(source.variable, path)
        {
            return false;
        }
        // Which rule asks matters to RULE only, which is not screened.
        if let Some(rule) = rules.rules.first() {
            self.collect(source.variable, &source.selector, rule, values);
        }
        true
    }

    /// The unit of a rule whose values are screened.
    fn screened_unit(&self, rules: &RuleSet, rule: &Rule) -> Option<Unit> {
        let screened = |unit: &Unit| self.is_screened() && !self.screening.unscreened.contains(unit);
        rules.screen.unit(rule).filter(screened)
    }

    /// Whether the operator of a rule, negated or not, cannot match what its chain makes of a value.
    pub(crate) fn is_ruled_out(&self, rules: &RuleSet, rule: &Rule, value: &Value) -> bool {
        self.screened_unit(rules, rule).is_some_and(|unit| !self.screening.has_pair(unit, value.value))
    }

    /// Leaves only the values that a screened rule could match; a negated operator matches the others.
    pub(crate) fn keep_candidates(&self, rules: &RuleSet, rule: &Rule, values: &mut Vec<Value>) {
        if rule.operator.negated {
            return;
        }
        if let Some(unit) = self.screened_unit(rules, rule) {
            values.retain(|value| self.screening.has_pair(unit, value.value));
        }
    }

    /// Where the values of a screened rule stand, for [`Transaction::paired`]; `None` when the rule is not screened, or
    /// matches those that it is not paired with.
    pub(crate) fn pairs_of(&self, rules: &RuleSet, rule: &Rule) -> Option<Range<usize>> {
        let unit = self.screened_unit(rules, rule).filter(|_| !rule.operator.negated)?;
        Some(self.screening.pairs_of(unit))
    }

    /// A value that a screened rule could match.
    pub(crate) fn paired(&self, pair: usize) -> Text {
        self.screening.pairs.get(pair).map_or(Text::EMPTY, |pair| pair.value)
    }

    /// The rule of this pair does not match the value, and never will.
    pub(crate) fn refute(&mut self, pair: usize) {
        let Screening { pairs, memory, .. } = &mut self.screening;
        if let Some(pair) = pairs.get(pair).filter(|pair| pair.place != PlaceNumber::NOWHERE) {
            memory.refute(pair.place, pair.unit, self.arena.get(pair.value));
        }
    }
}
