//! All windows of all conditions, looked for in one pass over a value.
//!
//! Three symbols in a row are a number of 18 bits. Each window has an *anchor*: three of its sets in a row. A bitmap of
//! 32 KiB tells for each number whether it belongs to an anchor. The pass looks up every position of the value, without a
//! branch and without a chain of dependent loads; where a bit is set, which is rare in ordinary text, the windows in the
//! anchor's bucket are compared, eight symbols at a time, and what is found marks its clause. The pass also collects the
//! set of symbols seen. At the end the units whose first clause was found are tested.
//!
//! For `union.*?select` and the value `xselect`: the anchor `ele` is met, the window `^select` is not (no edge stands
//! before the `s`), so nothing is marked and the unit is no candidate.
//!
//! The bet: anchors are rare in ordinary values. When it is lost (text made of anchors) every position costs a bucket of
//! windows, whose size the analysis keeps small; time stays linear. [`build`] makes the tables.

#![expect(
    clippy::indexing_slicing,
    reason = "indexes come from the builder's own tables, or are masked, or count a chunk"
)]

mod build;

use super::alphabet::{EDGE, SYMBOL, Symbol, Symbols};
use super::window::LONGEST;

/// Number of a unit: an operator with a condition.
pub(crate) type Unit = u32;

/// Bytes that are looked up before the positions found are compared.
const CHUNK: usize = 1024;
/// Symbols that are kept on either side of a chunk: a window that contains an anchor reaches no further.
const REACH: usize = LONGEST;
/// A chunk's symbols and what stands around them.
type Buffer = [Symbol; CHUNK + 2 * REACH];

/// The compiled conditions of all units.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// For each pair of symbols, the symbols that complete an anchor.
    anchors: Box<[u64; 4096]>,
    /// For each pair, how many anchors come before its own.
    ranks: Box<[u32; 4096]>,
    /// For each anchor in order, its bucket.
    bucket_of: Vec<u32>,
    buckets: Vec<Bucket>,
    /// Indexes of `entries`.
    members: Vec<u32>,
    entries: Vec<Entry>,
    /// Places of windows where one of several symbols may stand.
    sets: Vec<(u8, Symbols)>,
    /// The clauses that entries stand for.
    marks: Vec<Mark>,
    /// The texts of marks.
    texts: Vec<u8>,
    clauses: Vec<ClauseTest>,
    units: Vec<UnitTest>,
    /// For each symbol, the units whose first clause it meets, as indexes of `units`, with all symbols that meet that clause;
    /// and all such symbols.
    by_symbol: [Vec<(u32, Symbols)>; 64],
    telling: Symbols,
}

/// The windows with one anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Bucket {
    /// What can stand before and behind the anchor in any of them.
    before: Symbols,
    behind: Symbols,
    /// Range of `members`.
    members: (u32, u32),
}

/// A window, ready to compare.
#[derive(Debug, Clone)]
struct Entry {
    /// The bytes of places with one symbol, and that symbol there.
    mask: u64,
    value: u64,
    /// Range of `sets`.
    sets: (u32, u32),
    /// Range of `marks`.
    marks: (u32, u32),
    /// Bits of the symbols between the eighth before the anchor's last and the window's first.
    shift: u8,
}

impl Entry {
    /// How many symbols of the window stand before the anchor's last.
    fn lead(&self) -> usize {
        LONGEST - usize::from(self.shift / 8)
    }
}

/// What a window says.
#[derive(Debug, Clone, Copy)]
struct Mark {
    clause: u16,
    /// Range of `texts`: what must stand around the window, in letters of any case. Empty: nothing.
    text: (u32, u32),
    /// How many bytes behind the window's first symbol it begins.
    from: i32,
}

#[derive(Debug, Clone, Copy)]
struct ClauseTest {
    symbols: Symbols,
    /// The unit whose first clause this is, as an index of `units`.
    first_of: Option<u32>,
}

#[derive(Debug)]
struct UnitTest {
    unit: Unit,
    least: usize,
    /// Range of `clauses`.
    clauses: (u32, u32),
}

/// What a pass over a value found; reused from value to value.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// The symbols of the value's bytes.
    pub(crate) seen: Symbols,
    /// The units that could match, each once.
    pub(crate) candidates: Vec<Unit>,
    marks: Marks,
    /// Made with the first pass.
    buffer: Option<Box<Buffer>>,
}

/// Clauses found, as bits and in the order in which they were.
#[derive(Debug, Default)]
struct Marks {
    bits: Vec<u64>,
    order: Vec<u16>,
}

impl Default for Scanner {
    /// A scanner without units.
    fn default() -> Self {
        Self {
            anchors: Box::new([0; 4096]),
            ranks: Box::new([0; 4096]),
            bucket_of: Vec::new(),
            buckets: Vec::new(),
            members: Vec::new(),
            entries: Vec::new(),
            sets: Vec::new(),
            marks: Vec::new(),
            texts: Vec::new(),
            clauses: Vec::new(),
            units: Vec::new(),
            by_symbol: std::array::from_fn(|_| Vec::new()),
            telling: Symbols::EMPTY,
        }
    }
}

impl Marks {
    fn reset(&mut self, clauses: usize) {
        if self.bits.len() * 64 < clauses {
            self.bits.resize(clauses.div_ceil(64), 0);
        }
        for clause in self.order.drain(..) {
            self.bits[usize::from(clause) / 64] = 0;
        }
    }

    fn insert(&mut self, clause: u16) {
        let word = &mut self.bits[usize::from(clause) / 64];
        let bit = 1 << (clause % 64);
        if *word & bit == 0 {
            *word |= bit;
            self.order.push(clause);
        }
    }

    fn contains(&self, clause: u32) -> bool {
        self.bits[clause as usize / 64] >> (clause % 64) & 1 == 1
    }
}

impl Scanner {
    /// Scans a value: which symbols it has and which units could match it.
    pub(crate) fn scan(&self, value: &[u8], findings: &mut Findings) {
        findings.seen = Symbols::EMPTY;
        findings.candidates.clear();
        findings.marks.reset(self.clauses.len());
        match value.len() <= 64 {
            true => self.pass_short(value, findings),
            false => self.pass(value, findings),
        }
        let Findings { seen, candidates, marks, .. } = findings;
        for clause in &marks.order {
            let ClauseTest { symbols, first_of } = self.clauses[usize::from(*clause)];
            // Symbols that meet the clause announce the unit below.
            if let Some(index) = first_of.filter(|_| !symbols.intersects(*seen))
                && let Some(unit) = self.candidate(index, value.len(), *seen, marks)
            {
                candidates.push(unit);
            }
        }
        for symbol in self.telling.intersection(*seen).iter() {
            // A unit is announced once, by the first symbol that meets its clause.
            let smaller = Symbols((1 << symbol) - 1).intersection(*seen);
            for (index, first) in &self.by_symbol[usize::from(symbol)] {
                if !first.intersects(smaller)
                    && let Some(unit) = self.candidate(*index, value.len(), *seen, marks)
                {
                    candidates.push(unit);
                }
            }
        }
    }

    /// The unit at an index, when its condition holds.
    fn candidate(&self, index: u32, length: usize, seen: Symbols, marks: &Marks) -> Option<Unit> {
        let UnitTest { unit, least, clauses: (from, to) } = self.units[index as usize];
        let met =
            |clause: u32| marks.contains(clause) || self.clauses[clause as usize].symbols.intersects(seen);
        (length >= least && (from..to).all(met)).then_some(unit)
    }

    /// The pass over a value that a word has a bit for each byte of, as most are.
    fn pass_short(&self, value: &[u8], findings: &mut Findings) {
        let Findings { buffer, seen, marks, .. } = findings;
        let buffer: &mut Buffer = buffer.get_or_insert_with(|| Box::new([EDGE; CHUNK + 2 * REACH]));
        buffer[..REACH].fill(EDGE);
        let mut pair = 0;
        let mut flags = match value.is_empty() {
            true => 0,
            false => self.look_up(value, &mut buffer[REACH..REACH + 64], &mut pair, seen),
        };
        buffer[REACH + value.len()..][..REACH].fill(EDGE);
        while flags != 0 {
            let bit = flags.leading_zeros() as usize;
            flags &= !(1 << 63 >> bit);
            self.compare(value, 0, buffer, REACH + bit, marks);
        }
        self.compare_at_end(value, 0, buffer, REACH + value.len(), pair, marks);
    }

    fn pass(&self, value: &[u8], findings: &mut Findings) {
        let Findings { buffer, seen, marks, .. } = findings;
        let buffer: &mut Buffer = buffer.get_or_insert_with(|| Box::new([EDGE; CHUNK + 2 * REACH]));
        // Before the value stand edges only, and behind the empty one.
        buffer[..2 * REACH].fill(EDGE);
        // The last two symbols.
        let mut pair = 0;
        let mut count = 0;
        let mut passed = 0;
        let mut chunks = value.chunks(CHUNK).peekable();
        while let Some(chunk) = chunks.next() {
            buffer.copy_within(count..count + REACH, 0);
            passed += count;
            count = chunk.len();
            let mut flags = [0; CHUNK / 64];
            let slots = buffer[REACH..].chunks_mut(64);
            for ((block, slots), flags) in chunk.chunks(64).zip(slots).zip(&mut flags) {
                *flags = self.look_up(block, slots, &mut pair, seen);
            }
            let next =
                chunks.peek().copied().unwrap_or_default().iter().map(|byte| SYMBOL[usize::from(*byte)]);
            for (slot, symbol) in
                buffer[REACH + count..].iter_mut().zip(next.chain([EDGE; REACH]).take(REACH))
            {
                *slot = symbol;
            }
            for (index, mut flags) in flags.into_iter().take(count.div_ceil(64)).enumerate() {
                while flags != 0 {
                    let bit = flags.leading_zeros() as usize;
                    flags &= !(1 << 63 >> bit);
                    self.compare(value, passed, buffer, REACH + index * 64 + bit, marks);
                }
            }
        }
        self.compare_at_end(value, passed, buffer, REACH + count, pair, marks);
    }

    /// The edge behind the value can complete an anchor too.
    fn compare_at_end(
        &self,
        value: &[u8],
        passed: usize,
        buffer: &Buffer,
        at: usize,
        pair: usize,
        marks: &mut Marks,
    ) {
        if self.anchors[pair & 4095] >> EDGE & 1 == 1 {
            self.compare(value, passed, buffer, at, marks);
        }
    }

    /// Writes the symbols of at most 64 bytes. Returns where anchors end, the first byte in the highest bit.
    ///
    /// Kept apart so that the loop's few values stay in registers.
    #[inline(never)]
    fn look_up(&self, block: &[u8], slots: &mut [Symbol], pair: &mut usize, seen: &mut Symbols) -> u64 {
        let anchors: &[u64; 4096] = &self.anchors;
        let (mut last, mut set, mut flags) = (*pair, seen.0, 0u64);
        let mut step = |byte: u8, slot: &mut Symbol| {
            let symbol = SYMBOL[usize::from(byte)];
            *slot = symbol;
            set |= 1 << (symbol & 63);
            flags = flags << 1 | (anchors[last & 4095] >> (symbol & 63) & 1);
            last = last << 6 | usize::from(symbol);
        };
        // Eight at a time, which the compiler writes out one after the other.
        let (eights, rest) = block.as_chunks::<8>();
        let (slot_eights, slot_rest) = slots.split_at_mut(eights.len() * 8);
        for (bytes, slots) in eights.iter().zip(slot_eights.as_chunks_mut::<8>().0) {
            for (byte, slot) in bytes.iter().zip(slots) {
                step(*byte, slot);
            }
        }
        for (byte, slot) in rest.iter().zip(slot_rest) {
            step(*byte, slot);
        }
        (*pair, *seen) = (last, Symbols(set));
        flags << (64 - block.len())
    }

    /// Compares the windows whose anchor ends at `at` of the buffer, whose chunk begins at `passed` of the value.
    fn compare(&self, value: &[u8], passed: usize, buffer: &Buffer, at: usize, marks: &mut Marks) {
        let Some(around) = buffer[at - LONGEST..].first_chunk::<{ 2 * LONGEST }>() else { return };
        let [_, _, _, _, _, before, first, second, last, behind, ..] = *around;
        let pair = usize::from(first & 63) << 6 | usize::from(second & 63);
        let below = self.anchors[pair] & ((1 << (last & 63)) - 1);
        let rank = self.ranks[pair] + below.count_ones();
        let bucket = &self.buckets[self.bucket_of[rank as usize] as usize];
        if !bucket.before.contains(before) || !bucket.behind.contains(behind) {
            return;
        }
        let symbols = u128::from_le_bytes(*around);
        for member in &self.members[bucket.members.0 as usize..bucket.members.1 as usize] {
            let entry = &self.entries[*member as usize];
            let eight = (symbols >> (entry.shift & 127)) as u64;
            if eight & entry.mask == entry.value && self.has_sets(entry, eight) {
                // An edge before the value stands at -1.
                let window = (passed + at - entry.lead()) as i64 - REACH as i64;
                for mark in &self.marks[entry.marks.0 as usize..entry.marks.1 as usize] {
                    if self.is_confirmed(mark, value, window) {
                        marks.insert(mark.clause);
                    }
                }
            }
        }
    }

    /// Whether the text of a mark stands around the window that begins at `window`.
    fn is_confirmed(&self, mark: &Mark, value: &[u8], window: i64) -> bool {
        let text = &self.texts[mark.text.0 as usize..mark.text.1 as usize];
        let Ok(from) = usize::try_from(window + i64::from(mark.from)) else { return text.is_empty() };
        text.is_empty()
            || value.get(from..from + text.len()).is_some_and(|there| there.eq_ignore_ascii_case(text))
    }

    /// Whether the places of a window where one of several symbols may stand have one of them.
    fn has_sets(&self, entry: &Entry, eight: u64) -> bool {
        let eight = eight.to_le_bytes();
        let sets = &self.sets[entry.sets.0 as usize..entry.sets.1 as usize];
        sets.iter().all(|(place, set)| set.contains(eight[usize::from(*place) % LONGEST]))
    }
}
