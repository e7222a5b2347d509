//! What must be true of a value for an operator to match it.
//!
//! `(?i)union.*?select.*?from` needs 15 bytes, and `union`, and `select`, and `from`: a [`Condition`] is a least length and
//! a conjunction of clauses, a [`Clause`] a disjunction of single symbols and windows. `Condition::admits` is the plain
//! meaning, one value after the other; the scanner computes the same for all conditions at once and is tested against it.

use super::alphabet::{EDGE, Symbol, Symbols, has_symbol_of_its_own, symbol};
use super::cut::{Cut, cuts, required};
use super::graph::Graph;
use super::rarity::{Rarity, cost};
use super::window::{Grower, LONGEST, Sequence};
use portcullis_operators::Shape;
use regex_syntax::hir::Hir;

/// See the module's documentation. The default admits everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Condition {
    /// The fewest bytes of a matching value.
    pub(crate) least: usize,
    /// The clause that is tested first is the first; the others are tested when it holds.
    pub(crate) clauses: Vec<Clause>,
}

/// One of these is in the value.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Clause {
    /// Symbols of the value's bytes.
    pub(crate) symbols: Symbols,
    /// Sequences of symbols, the value's edges included.
    pub(crate) windows: Vec<Window>,
}

/// A sequence of symbols, and what must stand around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Window {
    pub(crate) sequence: Sequence,
    /// The text that the sequence is a part of, where one is known and says more than the sequence.
    pub(crate) whole: Option<Whole>,
}

/// A text that must stand around a window, whatever the case of its letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Whole {
    pub(crate) text: Box<[u8]>,
    /// How many bytes behind the window's first symbol the text begins: below 0 when it begins before.
    pub(crate) from: i32,
}

impl From<Sequence> for Window {
    fn from(sequence: Sequence) -> Self {
        Self { sequence, whole: None }
    }
}

/// A clause must sort out this share of the values that the others leave.
const TELLING: f32 = 0.1;
/// Below this share of values no more windows are added.
const RARE: f32 = 0.0005;
/// A clause that leaves so little work and makes so little effort needs no comparison with others.
const ENOUGH: f32 = 4.0;
const SMALL: f32 = 12.0;
/// The most clauses with windows.
const MOST: usize = 2;

impl Condition {
    /// The condition of an operator; `None` when nothing is known that ordinary values lack.
    pub(crate) fn of(shape: &Shape<'_>, rarity: &Rarity) -> Option<Self> {
        let condition = match shape {
            Shape::Opaque => return None,
            Shape::Regex(hir) => Self::of_expression(hir, rarity),
            Shape::AnyOfCaseless(phrases) => Self::of_phrases(phrases, rarity),
            Shape::Literal { text, at_start, at_end } => Self::of_text(text, *at_start, *at_end, rarity),
            Shape::ByteOutside(set) => Self::of_symbols(Symbols::outside(set)),
            Shape::Byte(byte) => Self::of_symbols(Symbols::of_bytes([*byte])),
        };
        (!condition.clauses.is_empty()).then_some(condition)
    }

    /// A match of an expression passes every cut of its graph (`cut`) and there has a window (`window`); it consumes the
    /// symbols that no path can avoid, and no fewer bytes than the expression's least.
    fn of_expression(hir: &Hir, rarity: &Rarity) -> Self {
        let (mut graph, items) = Graph::new(hir);
        let least = hir.properties().minimum_len().unwrap_or(0);
        let sets = telling(required(&items, rarity), rarity);
        let mut share = rarity.of_values(&sets);
        let mut clauses: Vec<(f32, Clause)> = Vec::new();
        let mut grower = Grower::new(&mut graph, rarity);
        let cuts = cuts(&items, rarity);
        let mut cuts = cuts.iter();
        let mut options: Vec<Choice> = Vec::new();
        while clauses.len() < MOST && share > RARE {
            // The cheapest cut alone is often good enough; growing the others is most of the work.
            let good =
                |choice: &Choice| share * choice.kept * cost::CANDIDATE < ENOUGH && choice.effort < SMALL;
            while !options.iter().any(good)
                && let Some(cut) = cuts.next()
            {
                options.push(Choice::new(cut, &mut grower, rarity));
            }
            let gain = |choice: &Choice| share * (1.0 - choice.kept) * cost::CANDIDATE - choice.effort;
            let best =
                options.iter().enumerate().max_by(|left, right| gain(left.1).total_cmp(&gain(right.1)));
            let Some(best) = best.filter(|(_, choice)| gain(choice) > 0.0).map(|(index, _)| index) else {
                break;
            };
            let choice = options.swap_remove(best);
            share *= choice.kept;
            clauses.push((choice.holds, choice.clause));
        }
        clauses.extend(
            sets.iter().map(|set| (rarity.of_values(&[*set]), Clause { symbols: *set, windows: Vec::new() })),
        );
        clauses.sort_by(|left, right| left.0.total_cmp(&right.0));
        Self { least, clauses: clauses.into_iter().map(|(_, clause)| clause).collect() }
    }

    /// A value that contains a phrase contains each of its parts, with the rest of the phrase around it.
    fn of_phrases(phrases: &[Vec<u8>], rarity: &Rarity) -> Self {
        let mut windows = Vec::with_capacity(phrases.len());
        for phrase in phrases {
            match part(phrase, (false, false), rarity) {
                Some(part) => windows.push(part),
                // The empty phrase is everywhere.
                None => return Self::default(),
            }
        }
        windows.sort_unstable();
        windows.dedup();
        let least = phrases.iter().map(Vec::len).min().unwrap_or(0);
        Self { least, clauses: Clause::of_windows(windows).into_iter().collect() }
    }

    /// The edge stands next to a text at the beginning or the end of a value.
    fn of_text(text: &[u8], at_start: bool, at_end: bool, rarity: &Rarity) -> Self {
        let part = part(text, (at_start, at_end), rarity);
        let clauses = part.and_then(|part| Clause::of_windows(vec![part])).into_iter().collect();
        Self { least: text.len(), clauses }
    }

    fn of_symbols(symbols: Symbols) -> Self {
        Self { least: 1, clauses: vec![Clause { symbols, windows: Vec::new() }] }
    }

    /// Whether a value could match: the plain meaning of the condition.
    #[cfg(test)]
    pub(crate) fn admits(&self, value: &[u8]) -> bool {
        let edged: Vec<_> =
            [EDGE].into_iter().chain(value.iter().map(|byte| symbol(*byte))).chain([EDGE]).collect();
        value.len() >= self.least && self.clauses.iter().all(|clause| clause.holds(value, &edged))
    }
}

impl Clause {
    /// `None` when every value has one of the windows: a lone edge.
    fn of_windows(windows: impl IntoIterator<Item = impl Into<Window>>) -> Option<Self> {
        let mut clause = Self::default();
        for window in windows {
            let window = window.into();
            match *window.sequence.sets() {
                [symbols] if symbols.intersects(Symbols::EDGE) => return None,
                [symbols] => clause.symbols = clause.symbols.union(symbols),
                _ => clause.windows.push(window),
            }
        }
        Some(clause)
    }

    #[cfg(test)]
    fn holds(&self, value: &[u8], edged: &[Symbol]) -> bool {
        let inner = edged.get(1..edged.len() - 1).unwrap_or_default();
        let stands = |window: &Window, from: usize| {
            let (sets, at) = (window.sequence.sets(), &edged[from..]);
            sets.len() <= at.len()
                && sets.iter().zip(at).all(|(set, symbol)| set.contains(*symbol))
                && window.whole.as_ref().is_none_or(|whole| whole.stands_at(value, from as i64 - 1))
        };
        inner.iter().any(|symbol| self.symbols.contains(*symbol))
            || (0..edged.len()).any(|from| self.windows.iter().any(|window| stands(window, from)))
    }
}

impl Whole {
    #[cfg(test)]
    fn stands_at(&self, value: &[u8], window: i64) -> bool {
        let from = usize::try_from(window + i64::from(self.from));
        let there = from.ok().and_then(|from| value.get(from..from + self.text.len()));
        there.is_some_and(|there| there.eq_ignore_ascii_case(&self.text))
    }
}

/// The window around the rarest three symbols of a text, with the edges of the value where it stands next to them.
fn part(text: &[u8], (at_start, at_end): (bool, bool), rarity: &Rarity) -> Option<Window> {
    let edge = |there: bool| there.then_some(EDGE);
    let symbols = text.iter().map(|byte| symbol(*byte));
    let symbols: Vec<_> = edge(at_start).into_iter().chain(symbols).chain(edge(at_end)).collect();
    let (start, sequence) = rarest_part(&symbols, rarity)?;
    // Where every byte has a symbol of its own, but for case, the sequence says it all.
    let is_told = symbols.len() <= LONGEST && text.iter().all(|byte| has_symbol_of_its_own(*byte));
    let from = i32::from(at_start) - start as i32;
    Some(Window { sequence, whole: (!is_told).then(|| Whole { text: text.into(), from }) })
}

/// Where the window around the rarest three of these symbols begins, and the window.
fn rarest_part(symbols: &[Symbol], rarity: &Rarity) -> Option<(usize, Sequence)> {
    let prices = symbols.windows(3).map(|three| match *three {
        [first, second, third] => rarity.of_three(first, second, third),
        _ => 1.0,
    });
    let rarest =
        prices.enumerate().min_by(|left, right| left.1.total_cmp(&right.1)).map_or(0, |(index, _)| index);
    // Three symbols before it, as far as the phrase goes.
    let start = rarest.saturating_sub(3).min(symbols.len().saturating_sub(LONGEST));
    let part = symbols.get(start..)?;
    (!part.is_empty()).then(|| (start, Sequence::of(part.iter().map(|symbol| Symbols::of(*symbol)))))
}

/// A clause that could be added, and what speaks for it.
struct Choice {
    clause: Clause,
    /// The share of values for which it holds.
    holds: f32,
    /// The same, among values that have the symbols of its cut.
    kept: f32,
    /// What looking for its windows costs every value.
    effort: f32,
}

impl Choice {
    fn new(cut: &Cut, grower: &mut Grower<'_>, rarity: &Rarity) -> Self {
        let windows = grower.grow(cut);
        let passed = cut.nodes.iter().fold(Symbols::EMPTY, |set, (symbols, _)| set.union(*symbols));
        let holds = share_of_values(windows.price, rarity);
        match Clause::of_windows(windows.sequences) {
            Some(clause) => {
                let kept = (holds / rarity.of_values(&[passed])).min(1.0);
                Self { clause, holds, kept, effort: windows.effort }
            }
            None => Self { clause: Clause::default(), holds: 1.0, kept: 1.0, effort: 0.0 },
        }
    }
}

/// Those of the sets that say something the ones before do not.
fn telling(sets: Vec<Symbols>, rarity: &Rarity) -> Vec<Symbols> {
    let mut kept = Vec::new();
    let mut share = 1.0;
    for set in sets {
        kept.push(set);
        let left = rarity.of_values(&kept);
        if left > share * (1.0 - TELLING) {
            kept.pop();
        } else {
            share = left;
        }
    }
    kept
}

/// The share of values that have something which occurs so often per symbol.
fn share_of_values(price: f32, rarity: &Rarity) -> f32 {
    1.0 - (-price * rarity.length()).exp()
}
