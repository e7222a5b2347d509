//! What the screen found out about values that come again: header names, user agents, paths, tokens.
//!
//! `User-Agent: curl/8.5.0` of the second request costs a look-up instead of scans and transformations. Which units could
//! match is a function of the source, the member's name and the value's bytes, so an answer may be kept as long as the rule
//! set is the same. An entry is found by its hash and compared byte by byte, so a collision is a miss and nothing worse.
//!
//! An operator that is asked about a value and says no will say no again: its unit is taken out of the answer
//! ([`Memory::refute`]), so that a user agent that looks like an attack to the screen is tested once and not in every request.
//!
//! It is bounded: a fixed number of places, values up to [`LONGEST`] bytes, and an entry is made only when a value comes a
//! second time before another took its place; values that never come again leave a number behind. The bet is on traffic
//! that repeats itself. An attacker can empty it, at the price of one scan per value, which is what each costs without it.

use super::scanner::Unit;

/// How many entries there can be.
const PLACES: usize = 4096;
/// The longest value and name that are kept.
const LONGEST: usize = 512;

/// Answers by value. The default has no places and keeps nothing.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    places: Box<[Place]>,
}

/// A line of the processor's cache, so that a look-up fetches this and the entry's bytes.
#[derive(Debug, Default, Clone)]
#[repr(align(64))]
struct Place {
    /// Of the last value that was not found here.
    missed: u64,
    entry: Option<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    source: u32,
    name_length: usize,
    /// The name, and behind it the value.
    bytes: Box<[u8]>,
    units: Box<[Unit]>,
}

/// Where an answer is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlaceNumber(u16);

impl PlaceNumber {
    /// Of what is not kept.
    pub(crate) const NOWHERE: Self = Self(u16::MAX);
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Which source of which half, as one number.
    pub(crate) source: u32,
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
}

/// What is known.
pub(crate) enum Known<'a> {
    /// The units that could match, and where this is kept.
    Units(&'a [Unit], PlaceNumber),
    /// Nothing; with the hash, for [`Memory::keep`].
    Nothing(u64),
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self { places: vec![Place::default(); PLACES].into_boxed_slice() }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.places.fill(Place::default());
    }

    /// The answer, if it is known.
    pub(crate) fn find(&self, question: Question<'_>) -> Known<'_> {
        if question.is_too_long() {
            return Known::Nothing(0);
        }
        let hash = question.hash();
        let place = hash as usize % PLACES;
        let entry = self.places.get(place).and_then(|place| place.entry.as_ref());
        match entry.filter(|entry| entry.answers(question)) {
            Some(entry) => Known::Units(&entry.units, PlaceNumber(place as u16)),
            None => Known::Nothing(hash),
        }
    }

    /// A unit does not match what its chain makes of a value, whatever holds it. The place may have become another value's.
    pub(crate) fn refute(&mut self, place: PlaceNumber, unit: Unit, value: &[u8]) {
        let entry = self.places.get_mut(usize::from(place.0)).and_then(|place| place.entry.as_mut());
        if let Some(entry) = entry.filter(|entry| entry.value() == Some(value)) {
            entry.units = entry.units.iter().copied().filter(|other| *other != unit).collect();
        }
    }

    /// Keeps an answer, when the question has been asked before.
    pub(crate) fn keep(&mut self, question: Question<'_>, hash: u64, units: &[Unit]) {
        if question.is_too_long() {
            return;
        }
        let Some(place) = self.places.get_mut(hash as usize % PLACES) else { return };
        if std::mem::replace(&mut place.missed, hash) != hash {
            return;
        }
        let Question { source, name, value } = question;
        let bytes = [name, value].concat().into_boxed_slice();
        place.entry = Some(Entry { source, name_length: name.len(), bytes, units: units.into() });
    }
}

impl Entry {
    fn answers(&self, question: Question<'_>) -> bool {
        let Some((name, value)) = self.bytes.split_at_checked(self.name_length) else { return false };
        self.source == question.source
            && name.len() == question.name.len()
            && (name.is_empty() || name == question.name)
            && value == question.value
    }

    fn value(&self) -> Option<&[u8]> {
        self.bytes.get(self.name_length..)
    }
}

impl Question<'_> {
    fn is_too_long(self) -> bool {
        self.value.len() + self.name.len() > LONGEST
    }

    fn hash(self) -> u64 {
        let start = mix(u64::from(self.source) << 32 ^ self.value.len() as u64, self.name.len() as u64);
        hash(self.value, hash(self.name, start)) | 1
    }
}

/// Eight bytes at a time; values are told apart by comparison, so quality is a matter of speed.
fn hash(bytes: &[u8], start: u64) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let whole = words.iter().fold(start, |so_far, word| mix(so_far, u64::from_le_bytes(*word)));
    let last = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(whole, last)
}

fn mix(left: u64, right: u64) -> u64 {
    let product = u128::from(left ^ right ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_comes_again() {
        let mut memory = Memory::new();
        let question = |value| Question { source: 3, name: b"n", value };
        for (round, value) in [b"abc", b"abc", b"abc"].into_iter().enumerate() {
            match memory.find(question(value)) {
                Known::Units(units, _) => assert!(round == 2 && units == [7, 9], "{round}"),
                Known::Nothing(hash) => {
                    assert!(round < 2);
                    memory.keep(question(value), hash, &[7, 9]);
                }
            }
        }
        assert!(matches!(memory.find(question(b"abd")), Known::Nothing(_)));
        assert!(matches!(memory.find(Question { source: 4, ..question(b"abc") }), Known::Nothing(_)));
        memory.clear();
        assert!(matches!(memory.find(question(b"abc")), Known::Nothing(_)));
    }

    #[test]
    fn what_an_operator_refutes_is_forgotten() {
        let mut memory = Memory::new();
        let question = Question { source: 1, name: b"", value: b"seen" };
        for _ in 0..2 {
            let Known::Nothing(hash) = memory.find(question) else { panic!("it is new") };
            memory.keep(question, hash, &[3, 5]);
        }
        let Known::Units(_, place) = memory.find(question) else { panic!("it is kept") };
        memory.refute(place, 3, b"another");
        memory.refute(PlaceNumber::NOWHERE, 3, b"seen");
        assert!(matches!(memory.find(question), Known::Units([3, 5], _)));
        memory.refute(place, 3, b"seen");
        assert!(matches!(memory.find(question), Known::Units([5], _)));
    }

    #[test]
    fn a_collision_is_a_miss() {
        let mut memory = Memory::new();
        let [first, second] =
            [b"first".as_slice(), b"second"].map(|value| Question { source: 0, name: b"", value });
        memory.keep(first, 5, &[1]);
        memory.keep(first, 5, &[1]);
        assert!(!memory.places[5].entry.as_ref().unwrap().answers(second));
    }
}
