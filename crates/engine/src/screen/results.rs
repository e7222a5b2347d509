//! One value under all chains of its source: which units could match.
//!
//! `a%20b` under {nothing; urlDecodeUni; urlDecodeUni, lowercase; base64Decode} makes three texts: itself, `a b` (twice,
//! as letters have no case here) and what base64Decode makes of it. Each text is scanned once, and a chain that a value
//! passes makes no text at all, nor does one that only deletes bytes (`gapped`). A text may stand for others that differ in the case of letters; a step that could tell them
//! apart is given the chain's true text, which is made from the value then. The steps are walked from the beginnings of chains to their ends, so that each step of each
//! chain is done at most once, also where several sources hold the value, as ARGS and ARGS_GET do. The texts live here, not in the transaction: of most values nothing comes of it.

use portcullis_transformations::{Outcome, Tables};

use super::alphabet::Symbols;
use super::memory::Question;
use super::plan::{Half, Source, Walk};
use super::scanner::{Findings, Scanner, Unit};

/// Room for the work on one value.
#[derive(Debug, Default)]
pub(crate) struct Results {
    findings: Findings,
    /// The different texts; the first is the value and not in `bytes`.
    texts: Vec<ResultText>,
    bytes: Vec<u8>,
    scratch: Vec<u8>,
    replayed: Vec<u8>,
    /// Candidates of the scanned texts.
    candidates: Vec<Unit>,
    /// For each chain of the half, what it makes.
    of_chain: Vec<Made>,
    /// For each chain, whether it has been walked. A value passes those that have not.
    walked: Vec<bool>,
    units: Vec<Unit>,
}

/// What a chain makes of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Made {
    text: usize,
    /// The text is it byte by byte, not only but for the case of letters.
    exactly: bool,
}

#[derive(Debug, Clone, Copy)]
struct ResultText {
    /// Range of `bytes`.
    bytes: (usize, usize),
    /// What is known once it has been scanned: its symbols, and the range of its candidates.
    scanned: Option<(Symbols, (usize, usize))>,
}

impl Results {
    /// Begins with a value, for sources of one group.
    pub(crate) fn begin(&mut self, half: &Half, source: &Source, value: &[u8]) {
        self.reset(half.chains.len());
        if let Some(scanner) = half.scanners.get(source.group) {
            self.scan(scanner, value, 0);
        }
    }

    /// The units that could match the value that was begun with, as a member of a source of the same group. What was made of
    /// it for another source is not made again.
    pub(crate) fn units(
        &mut self,
        half: &Half,
        source: &Source,
        question: Question<'_>,
        tables: &Tables<'_>,
    ) -> &[Unit] {
        let Question { name, value, .. } = question;
        let seen = self.text(0).and_then(|text| text.scanned).map_or(Symbols::BYTES, |(seen, _)| seen);
        let chains = if source.blockers.intersects(seen) { &source.chains } else { &source.closed };
        let there = seen.union(Symbols::EDGE);
        for Walk { chain, is_tested, .. } in chains.iter().filter(|walk| walk.blockers.intersects(there)) {
            if self.walked.get(*chain) == Some(&false) {
                let made = self.step(half, *chain, value, tables);
                if let Some((slot, walked)) = self.of_chain.get_mut(*chain).zip(self.walked.get_mut(*chain)) {
                    (*slot, *walked) = (made, true);
                }
            }
            let Some(made) = self.of_chain.get(*chain).copied() else { continue };
            if *is_tested
                && self.text(made.text).is_some_and(|text| text.scanned.is_none())
                && let Some(scanner) = half.scanners.get(source.group)
            {
                self.scan(scanner, value, made.text);
            }
        }
        self.choose(half, source, name);
        for gapped in &source.gapped {
            if source.is_seen_by(gapped.unit, name)
                && !self.units.contains(&gapped.unit)
                && gapped.admits(value)
            {
                self.units.push(gapped.unit);
            }
        }
        &self.units
    }

    fn reset(&mut self, chains: usize) {
        self.texts.clear();
        self.bytes.clear();
        self.candidates.clear();
        // What stands there of an earlier value is not looked at: no chain has been walked.
        self.of_chain.resize(chains, Made { text: 0, exactly: true });
        self.walked.clear();
        self.walked.resize(chains, false);
        self.texts.push(ResultText { bytes: (0, 0), scanned: None });
    }

    fn text(&self, text: usize) -> Option<&ResultText> {
        self.texts.get(text)
    }

    /// The bytes of a text; `value` is the first.
    fn bytes_of<'a>(&'a self, text: usize, value: &'a [u8]) -> &'a [u8] {
        bytes_of(&self.texts, &self.bytes, text, value)
    }

    fn scan(&mut self, scanner: &Scanner, value: &[u8], text: usize) {
        let Self { findings, texts, bytes, candidates, .. } = self;
        scanner.scan(bytes_of(texts, bytes, text, value), findings);
        let from = candidates.len();
        candidates.extend_from_slice(&findings.candidates);
        if let Some(text) = texts.get_mut(text) {
            text.scanned = Some((findings.seen, (from, candidates.len())));
        }
    }

    /// What a chain makes: the same as its beginning, unless the last step changes it.
    fn step(&mut self, half: &Half, chain: usize, value: &[u8], tables: &Tables<'_>) -> Made {
        let Some(plan) = half.chains.get(chain) else { return Made { text: 0, exactly: false } };
        let before = self.made_before(half, plan.parent);
        let Some(step) = plan.step else { return before };
        let passes = |(seen, _): (Symbols, _)| plan.passage.lets_pass(seen);
        if self.text(before.text).and_then(|text| text.scanned).is_some_and(passes) {
            return Made { exactly: before.exactly && !plan.passage.changes_case(), ..before };
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let outcome = if before.exactly {
            (step.apply)(self.bytes_of(before.text, value), tables, &mut scratch)
        } else {
            self.replay(half, plan.parent, value, tables);
            (step.apply)(&self.replayed, tables, &mut scratch)
        };
        let made = match outcome {
            Outcome::Unchanged => before,
            Outcome::Changed | Outcome::Quiet => self.add(&scratch, value),
        };
        self.scratch = scratch;
        made
    }

    /// What a chain has made, or makes of a value that passes it and is not sent through it therefore.
    fn made_before(&self, half: &Half, chain: usize) -> Made {
        match self.walked.get(chain).zip(self.of_chain.get(chain)) {
            Some((true, made)) => *made,
            _ => {
                let changes_case = half.chains.get(chain).is_none_or(|plan| plan.whole.changes_case());
                Made { text: 0, exactly: !changes_case }
            }
        }
    }

    /// The text that a chain makes.
    fn text_of(&self, chain: usize) -> usize {
        let made = self.of_chain.get(chain).filter(|_| self.walked.get(chain) == Some(&true));
        made.map_or(0, |made| made.text)
    }

    /// Makes a chain's true text, from the value on.
    fn replay(&mut self, half: &Half, chain: usize, value: &[u8], tables: &Tables<'_>) {
        let Some((plan, step)) = half.chains.get(chain).and_then(|plan| Some((plan, plan.step?))) else {
            self.replayed.clear();
            self.replayed.extend_from_slice(value);
            return;
        };
        self.replay(half, plan.parent, value, tables);
        let mut out = Vec::new();
        if (step.apply)(&self.replayed, tables, &mut out) != Outcome::Unchanged {
            self.replayed = out;
        }
    }

    /// The text with these bytes, whatever the case of letters; a new one when there is none.
    fn add(&mut self, bytes: &[u8], value: &[u8]) -> Made {
        let same = |text: &usize| self.bytes_of(*text, value).eq_ignore_ascii_case(bytes);
        if let Some(text) = (0..self.texts.len()).find(same) {
            return Made { text, exactly: self.bytes_of(text, value) == bytes };
        }
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.texts.push(ResultText { bytes: (from, self.bytes.len()), scanned: None });
        Made { text: self.texts.len() - 1, exactly: true }
    }

    /// Collects the units that look at this member and are candidates of a text that they test.
    fn choose(&mut self, half: &Half, source: &Source, name: &[u8]) {
        self.units.clear();
        for (index, text) in self.texts.iter().enumerate() {
            let Some((_, (from, to))) = text.scanned else { continue };
            for unit in self.candidates.get(from..to).unwrap_or_default() {
                let Some(plan) = half.units.get(*unit as usize) else { continue };
                let makes = |chain: &usize| self.text_of(*chain) == index;
                if (makes(&plan.chain) || plan.steps.iter().any(makes)) && source.is_seen_by(*unit, name) {
                    self.units.push(*unit);
                }
            }
        }
    }
}

/// The bytes of a text; `value` is the first.
fn bytes_of<'a>(texts: &[ResultText], bytes: &'a [u8], text: usize, value: &'a [u8]) -> &'a [u8] {
    match texts.get(text) {
        Some(ResultText { bytes: (from, to), .. }) if text > 0 => bytes.get(*from..*to).unwrap_or_default(),
        _ => value,
    }
}
