//! From conditions to the scanner's tables.
//!
//! Equal windows of different clauses or texts become one entry with several marks; equal buckets of different anchors are stored
//! once.

use std::collections::HashMap;

use super::{Bucket, ClauseTest, Entry, Mark, Scanner, Unit, UnitTest};
use crate::screen::alphabet::Symbols;
use crate::screen::condition::{Condition, Whole};
use crate::screen::rarity::{Rarity, cost, triples};
use crate::screen::window::{Anchor, LONGEST, Sequence, anchors};

/// A clause that a window marks, and the text that must stand around it.
type Marked<'a> = (u16, Option<&'a Whole>);

impl Scanner {
    /// Builds a scanner of units with their conditions, each of which has a clause.
    pub(crate) fn new<'a>(units: impl IntoIterator<Item = (Unit, &'a Condition)>, rarity: &Rarity) -> Self {
        let mut scanner = Self::default();
        let windows = scanner.add_conditions(units);
        // The three symbols of each entry, and of how many entries each number of three symbols is.
        let mut anchored: Vec<[Symbols; 3]> = Vec::with_capacity(windows.len());
        let mut loads = vec![0u32; NUMBERS];
        for (window, clauses) in &windows {
            let anchor = least_loaded(window, &loads, rarity);
            for number in triples(anchor.three) {
                loads[number] += 1;
            }
            anchored.push(anchor.three);
            scanner.add_entry(window, clauses, &anchor);
        }
        let windows: Vec<_> = windows.into_iter().map(|(window, _)| window).collect();
        scanner.add_buckets(&anchored, loads, &windows);
        scanner.shrink();
        scanner
    }

    /// Fills `clauses`, `units` and `by_symbol`; returns the distinct windows, each with its clauses.
    fn add_conditions<'a>(
        &mut self,
        units: impl IntoIterator<Item = (Unit, &'a Condition)>,
    ) -> Vec<(Sequence, Vec<Marked<'a>>)> {
        let mut windows: Vec<(Sequence, Vec<Marked<'a>>)> = Vec::new();
        let mut places: HashMap<Sequence, usize, foldhash::fast::FixedState> = HashMap::default();
        for (unit, condition) in units {
            let index = self.units.len() as u32;
            let from = self.clauses.len() as u32;
            let first = condition.clauses.first().map_or(Symbols::EMPTY, |clause| clause.symbols);
            for symbol in first.iter() {
                self.by_symbol[usize::from(symbol)].push((index, first));
            }
            self.telling = self.telling.union(first);
            for (number_of_clause, clause) in condition.clauses.iter().enumerate() {
                let number = self.clauses.len() as u16;
                for window in &clause.windows {
                    let place = *places.entry(window.sequence).or_insert(windows.len());
                    let marked = (number, window.whole.as_ref());
                    match windows.get_mut(place) {
                        Some((_, marks)) => marks.push(marked),
                        None => windows.push((window.sequence, vec![marked])),
                    }
                }
                let first_of = (number_of_clause == 0).then_some(index);
                self.clauses.push(ClauseTest { symbols: clause.symbols, first_of });
            }
            let clauses = (from, self.clauses.len() as u32);
            self.units.push(UnitTest { unit, least: condition.least, clauses });
        }
        windows
    }

    fn add_entry(&mut self, window: &Sequence, marked: &[Marked<'_>], anchor: &Anchor) {
        let (first_set, first_mark) = (self.sets.len() as u32, self.marks.len() as u32);
        let (mut mask, mut value) = (0, 0);
        for (place, set) in window.sets().iter().enumerate() {
            match set.only() {
                Some(symbol) => {
                    mask |= 0xff << (8 * place);
                    value |= u64::from(symbol) << (8 * place);
                }
                None if *set == Symbols::ALL => {}
                None => self.sets.push((place as u8, *set)),
            }
        }
        for (clause, whole) in marked {
            let begin = self.texts.len() as u32;
            self.texts.extend_from_slice(whole.map_or(&[], |whole| &whole.text));
            let text = (begin, self.texts.len() as u32);
            self.marks.push(Mark { clause: *clause, text, from: whole.map_or(0, |whole| whole.from) });
        }
        let sets = (first_set, self.sets.len() as u32);
        let marks = (first_mark, self.marks.len() as u32);
        let shift = 8 * (LONGEST as u8 - anchor.lead);
        self.entries.push(Entry { mask, value, sets, marks, shift });
    }

    /// Fills the tables from numbers to entries. There are many more pairs of these than numbers, so they are counted out
    /// and not sorted; `loads` says how many each number has.
    fn add_buckets(&mut self, anchored: &[[Symbols; 3]], loads: Vec<u32>, windows: &[Sequence]) {
        let mut ends = loads;
        let mut total = 0;
        for end in &mut ends {
            total += std::mem::replace(end, total);
        }
        let mut entries = vec![0; total as usize];
        for (entry, three) in anchored.iter().enumerate() {
            for number in triples(*three) {
                entries[ends[number] as usize] = entry as u32;
                ends[number] += 1;
            }
        }
        let mut lists: HashMap<&[u32], u32, foldhash::fast::FixedState> = HashMap::default();
        let mut next_rank = 0;
        let mut from = 0;
        for (number, end) in ends.into_iter().enumerate() {
            let list = &entries[std::mem::replace(&mut from, end as usize)..end as usize];
            if list.is_empty() {
                continue;
            }
            while next_rank <= number >> 6 {
                self.ranks[next_rank] = self.bucket_of.len() as u32;
                next_rank += 1;
            }
            self.anchors[number >> 6] |= 1 << (number & 63);
            let bucket = *lists.entry(list).or_insert_with(|| {
                let from = self.members.len() as u32;
                self.members.extend(list);
                let [before, behind] = [-3, 1].map(|shift| self.around(list, windows, shift));
                self.buckets.push(Bucket { before, behind, members: (from, self.members.len() as u32) });
                self.buckets.len() as u32 - 1
            });
            self.bucket_of.push(bucket);
        }
    }

    /// Gives back what the tables have room for.
    fn shrink(&mut self) {
        self.bucket_of.shrink_to_fit();
        self.buckets.shrink_to_fit();
        self.members.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.sets.shrink_to_fit();
        self.marks.shrink_to_fit();
        self.texts.shrink_to_fit();
    }

    /// What can stand at a distance from the anchor's last symbol in any of these entries.
    fn around(&self, list: &[u32], windows: &[Sequence], shift: i32) -> Symbols {
        let at = |entry: u32| {
            let place = usize::try_from(self.entries[entry as usize].lead() as i32 + shift).ok()?;
            windows[entry as usize].sets().get(place).copied()
        };
        list.iter().fold(Symbols::EMPTY, |set, entry| set.union(at(*entry).unwrap_or(Symbols::ALL)))
    }
}

/// How many numbers three symbols can have.
const NUMBERS: usize = 1 << 18;

/// The anchor of a window that costs least with the windows that are there already: each is compared where it is found.
fn least_loaded(window: &Sequence, loads: &[u32], rarity: &Rarity) -> Anchor {
    let with_load = |anchor: &Anchor| {
        let combinations: u32 = anchor.three.iter().map(|set| set.len()).product();
        if combinations > FEW {
            return anchor.cost;
        }
        let compared = |number: usize| {
            let [first, second, third] = [number >> 12, number >> 6, number].map(|symbol| symbol as u8 & 63);
            rarity.of_three(first, second, third) * loads[number] as f32
        };
        anchor.cost + triples(anchor.three).map(compared).sum::<f32>() * cost::LENGTH * cost::MEMBER
    };
    let options = anchors(window, rarity).map(|anchor| (with_load(&anchor), anchor));
    let best = options.min_by(|left, right| left.0.total_cmp(&right.0));
    best.map_or(Anchor { cost: 0.0, lead: 0, three: [Symbols::EMPTY; 3] }, |(_, anchor)| anchor)
}

/// Anchors with more combinations are taken to be common anyway.
const FEW: u32 = 64;
