//! From conditions to the scanner's tables.
//!
//! Equal windows of different clauses become one entry with several marks; equal buckets of different anchors are stored
//! once.

use std::collections::HashMap;

use super::{Bucket, ClauseTest, Entry, Scanner, Unit, UnitTest};
use crate::screen::alphabet::Symbols;
use crate::screen::condition::Condition;
use crate::screen::rarity::{Rarity, triples};
use crate::screen::window::{Anchor, Sequence, anchor};

impl Scanner {
    /// Builds a scanner; the unit of a condition is its index. Each condition has a clause.
    pub(crate) fn new(conditions: &[Condition], rarity: &Rarity) -> Self {
        let mut scanner = Self::default();
        let windows = scanner.add_conditions(conditions);
        let mut anchored = vec![Vec::new(); 1 << 18];
        for (window, clauses) in &windows {
            let anchor = anchor(window, rarity);
            for number in triples(anchor.three) {
                anchored[number].push(scanner.entries.len() as u32);
            }
            scanner.add_entry(window, clauses, &anchor);
        }
        let windows: Vec<_> = windows.into_iter().map(|(window, _)| window).collect();
        scanner.add_buckets(&anchored, &windows);
        scanner
    }

    /// Fills `clauses`, `units` and `by_symbol`; returns the distinct windows in order, each with its clauses.
    fn add_conditions(&mut self, conditions: &[Condition]) -> Vec<(Sequence, Vec<u16>)> {
        let mut windows: Vec<(Sequence, u16)> = Vec::new();
        for (unit, condition) in conditions.iter().enumerate() {
            let unit = unit as Unit;
            let from = self.clauses.len() as u32;
            let first = condition.clauses.first().map_or(Symbols::EMPTY, |clause| clause.symbols);
            for symbol in first.iter() {
                self.by_symbol[usize::from(symbol)].push((unit, first));
            }
            self.telling = self.telling.union(first);
            for (index, clause) in condition.clauses.iter().enumerate() {
                windows.extend(clause.windows.iter().map(|window| (*window, self.clauses.len() as u16)));
                let first_of = (index == 0).then_some(unit);
                self.clauses.push(ClauseTest { symbols: clause.symbols, first_of });
            }
            self.units.push(UnitTest { least: condition.least, clauses: (from, self.clauses.len() as u32) });
        }
        windows.sort_unstable();
        let same = windows.chunk_by(|left, right| left.0 == right.0);
        same.map(|same| (same[0].0, same.iter().map(|(_, clause)| *clause).collect())).collect()
    }

    fn add_entry(&mut self, window: &Sequence, clauses: &[u16], anchor: &Anchor) {
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
        self.marks.extend(clauses);
        let sets = (first_set, self.sets.len() as u32);
        let marks = (first_mark, self.marks.len() as u32);
        self.entries.push(Entry { mask, value, sets, marks, lead: anchor.lead });
    }

    /// Fills the tables from numbers to entries.
    fn add_buckets(&mut self, anchored: &[Vec<u32>], windows: &[Sequence]) {
        let mut lists: HashMap<&[u32], u32> = HashMap::new();
        for (number, list) in anchored.iter().enumerate() {
            if number & 63 == 0 {
                self.ranks[number >> 6] = self.bucket_of.len() as u32;
            }
            if list.is_empty() {
                continue;
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

    /// What can stand at a distance from the anchor's last symbol in any of these entries.
    fn around(&self, list: &[u32], windows: &[Sequence], shift: i32) -> Symbols {
        let at = |entry: u32| {
            let place = usize::try_from(i32::from(self.entries[entry as usize].lead) + shift).ok()?;
            windows[entry as usize].sets().get(place).copied()
        };
        list.iter().fold(Symbols::EMPTY, |set, entry| set.union(at(*entry).unwrap_or(Symbols::ALL)))
    }
}
