//! How often symbols follow each other in ordinary values: the cost model of the analysis.
//!
//! A condition that ordinary traffic rarely meets saves work; which ones those are is guessed from samples: `typical.txt` of
//! what requests hold (header values, names, prose and the like), `typical_answers.txt` of what answers hold, one value a
//! line (a line that ends in `\` goes on in the next). The model counts pairs and triples: `qx` is rarer than `th`. It decides only what is *chosen*, never what is *true*: with a model
//! that is all wrong the screen is slower and still exact.

#![expect(clippy::indexing_slicing, reason = "tables of 64 rows are indexed by symbols, which are below 64")]

use std::cell::RefCell;
use std::collections::HashMap;

use super::alphabet::{EDGE, Symbol, Symbols, symbol};
use crate::hash::OffsetHasher;

/// The samples.
static REQUESTS: &[u8] = include_bytes!("typical.txt");
static ANSWERS: &[u8] = include_bytes!("typical_answers.txt");

/// How many symbols the typical value of a request and the typical answer have.
const REQUEST_LENGTH: f32 = 60.0;
const ANSWER_LENGTH: f32 = 4000.0;

/// Relative frequencies of symbols and of pairs, the edge counting as a symbol.
#[derive(Debug)]
pub(crate) struct Rarity {
    single: [f32; 64],
    pair: [[f32; 64]; 64],
    /// How often three symbols in a row occur, by their number of 18 bits.
    triple: Vec<f32>,
    /// How many symbols the typical value has.
    length: f32,
    /// The symbols of each value.
    values: Vec<Symbols>,
    /// Answers of `of_pair` for large sets; the same few come again and again.
    pairs: RefCell<HashMap<(Symbols, Symbols), f32, OffsetHasher>>,
}

/// Larger sets than this together are remembered.
const LARGE: u32 = 16;

/// How much of a pair's frequency comes from its halves alone, for pairs that the sample lacks.
const SMOOTHING: f32 = 0.04;

impl Rarity {
    /// The model of what requests hold.
    pub(crate) fn of_requests() -> Self {
        Self { length: REQUEST_LENGTH, ..Self::of_sample(REQUESTS) }
    }

    /// The model of what answers hold. Most of it is bodies, where `<script` and quotes are nothing rare.
    pub(crate) fn of_answers() -> Self {
        Self { length: ANSWER_LENGTH, ..Self::of_sample(ANSWERS) }
    }

    /// How many symbols the typical value has.
    pub(crate) fn length(&self) -> f32 {
        self.length
    }

    fn of_sample(sample: &[u8]) -> Self {
        let mut text = vec![EDGE, EDGE];
        for line in sample.split_inclusive(|byte| *byte == b'\n') {
            let (line, end) = match line {
                [line @ .., b'\\', b'\n'] => (line, symbol(b'\n')),
                [line @ .., b'\n'] => (line, EDGE),
                line => (line, EDGE),
            };
            text.extend(line.iter().map(|byte| symbol(*byte)));
            text.push(end);
        }
        Self::of_text(&text)
    }

    /// The model of values that an edge ends.
    fn of_text(text: &[Symbol]) -> Self {
        let mut pairs = [[0u32; 64]; 64];
        let mut triple = vec![0.0; 1 << 18];
        let mut values = Vec::new();
        let mut value = Symbols::EMPTY;
        for three in text.windows(3) {
            let &[first, second, third] = three else { continue };
            pairs[usize::from(second)][usize::from(third)] += 1;
            triple[number(first, second, third)] += 1.0;
            value = value.union(Symbols::of(third));
            if third == EDGE {
                values.push(std::mem::take(&mut value));
            }
        }
        // Half an occurrence for every symbol that the sample lacks.
        let total = pairs.iter().flatten().sum::<u32>() as f32 + 32.0;
        let single = pairs.map(|row| (row.iter().sum::<u32>() as f32 + 0.5) / total);
        let mut pair = [[0.0; 64]; 64];
        for ((row, counts), first) in pair.iter_mut().zip(pairs).zip(single) {
            for ((cell, count), second) in row.iter_mut().zip(counts).zip(single) {
                *cell = (1.0 - SMOOTHING) * count as f32 / total + SMOOTHING * first * second;
            }
        }
        triple.iter_mut().for_each(|count| *count /= total);
        Self { single, pair, triple, length: REQUEST_LENGTH, values, pairs: RefCell::default() }
    }

    /// How often a symbol is one of these.
    pub(crate) fn of(&self, set: Symbols) -> f32 {
        set.iter().filter_map(|symbol| self.single.get(usize::from(symbol))).sum()
    }

    /// The share of values that have a symbol of every set.
    pub(crate) fn of_values(&self, sets: &[Symbols]) -> f32 {
        let holds = |value: &&Symbols| sets.iter().all(|set| set.intersects(**value));
        // Half a value for what the sample lacks.
        (self.values.iter().filter(holds).count() as f32 + 0.5) / (self.values.len() as f32 + 0.5)
    }

    /// How often two symbols in a row are of these sets.
    pub(crate) fn of_pair(&self, first: Symbols, second: Symbols) -> f32 {
        if second == Symbols::ALL {
            return self.of(first);
        }
        if first == Symbols::ALL {
            return self.of(second);
        }
        let sum = || -> f32 {
            let rows = first.iter().map(|symbol| &self.pair[usize::from(symbol)]);
            rows.map(|row| second.iter().map(|symbol| row[usize::from(symbol)]).sum::<f32>()).sum()
        };
        if first.len() * second.len() < LARGE {
            return sum();
        }
        *self.pairs.borrow_mut().entry((first, second)).or_insert_with(sum)
    }

    /// How often a symbol of `second` follows one of `first`, given the first.
    pub(crate) fn after(&self, first: Symbols, second: Symbols) -> f32 {
        (self.of_pair(first, second) / self.of(first).max(f32::MIN_POSITIVE)).min(1.0)
    }

    /// How often a symbol of `first` stands before one of `second`, given the second.
    pub(crate) fn before(&self, first: Symbols, second: Symbols) -> f32 {
        (self.of_pair(first, second) / self.of(second).max(f32::MIN_POSITIVE)).min(1.0)
    }

    /// How often three symbols in a row are of these sets.
    pub(crate) fn of_triple(&self, [first, second, third]: [Symbols; 3]) -> f32 {
        if let (Some(first), Some(second), Some(third)) = (first.only(), second.only(), third.only()) {
            return self.of_three(first, second, third);
        }
        let chained = self.of_pair(first, second) * self.after(second, third);
        if first.len() * second.len() * third.len() > MOST_TRIPLES {
            return chained;
        }
        let counted: f32 = triples([first, second, third]).map(|number| self.triple[number]).sum();
        (1.0 - CHAINED) * counted + CHAINED * chained
    }

    /// How often these three symbols stand in a row.
    pub(crate) fn of_three(&self, first: Symbol, second: Symbol, third: Symbol) -> f32 {
        let [first_row, second_row] = [first, second].map(|symbol| &self.pair[usize::from(symbol & 63)]);
        let second_pair = second_row[usize::from(third & 63)] / self.single[usize::from(second & 63)];
        let chained = first_row[usize::from(second & 63)] * second_pair;
        (1.0 - CHAINED) * self.triple[number(first, second, third)] + CHAINED * chained
    }
}

/// Sets with more combinations than this are priced by pairs.
const MOST_TRIPLES: u32 = 64;
/// How much of a triple's frequency comes from its pairs, for triples that the sample lacks.
const CHAINED: f32 = 0.3;

/// The number of three symbols in a row.
pub(crate) fn number(first: Symbol, second: Symbol, third: Symbol) -> usize {
    usize::from(first & 63) << 12 | usize::from(second & 63) << 6 | usize::from(third & 63)
}

/// The numbers of all combinations.
pub(crate) fn triples([first, second, third]: [Symbols; 3]) -> impl Iterator<Item = usize> {
    first
        .iter()
        .flat_map(move |a| second.iter().flat_map(move |b| third.iter().map(move |c| number(a, b, c))))
}

/// What things cost per [`LENGTH`](cost::LENGTH) symbols of values, in nanoseconds on some machine; only their ratios matter.
pub(crate) mod cost {
    /// Running an operator on a value that could match.
    pub(crate) const CANDIDATE: f32 = 500.0;
    /// Comparing windows at a position of a value.
    pub(crate) const COMPARISON: f32 = 12.0;
    /// Each window that is compared there.
    pub(crate) const MEMBER: f32 = 4.0;
    /// One window more: what its memory costs every value.
    pub(crate) const WINDOW: f32 = 0.004;
    /// One more combination of three symbols that leads to a window.
    pub(crate) const ANCHOR: f32 = 0.0002;
    /// The symbols that costs are told for.
    pub(crate) const LENGTH: f32 = 60.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_rare_from_common() {
        let model = Rarity::of_requests();
        let of = |text: &[u8; 3]| model.of_triple(text.map(|byte| Symbols::of_bytes([byte])));
        assert!(of(b"the") > 20.0 * of(b"xqz"));
        assert!(of(b"the") > of(b"<?p"));
        let all: f32 = model.of(Symbols::ALL);
        assert!((0.99..1.01).contains(&all), "{all}");
    }

    #[test]
    fn counts_the_edge_of_values() {
        let model = Rarity::of_sample(&b"ab\n".repeat(100));
        let [a, b] = [b'a', b'b'].map(|byte| Symbols::of_bytes([byte]));
        assert!(model.after(Symbols::EDGE, a) > 0.8 && model.after(b, Symbols::EDGE) > 0.8);
        assert!(model.of_values(&[a, b]) > 0.99 && model.of_values(&[Symbols::LINE_FEED]) < 0.01);
    }
}
