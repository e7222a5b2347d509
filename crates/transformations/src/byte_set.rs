//! A set of byte values.
//!
//! The set of `abca` is {a, b, c}. The screen collects the bytes of a value once and asks each transformation with it
//! whether it could change anything. The set forgets order and count, so its answers are "certainly not" or "perhaps".
//! It is 32 bytes, plain data and `Copy`; all operations but building are a few word operations.

use std::ops::RangeInclusive;

/// A set of byte values, as 256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ByteSet {
    words: [u64; 4],
}

impl ByteSet {
    /// The set without members.
    pub const EMPTY: Self = Self { words: [0; 4] };

    /// The set without members.
    #[must_use]
    pub const fn new() -> Self {
        Self::EMPTY
    }

    /// The set of the bytes that occur in a value.
    #[must_use]
    pub const fn from_bytes(bytes: &[u8]) -> Self {
        let mut set = Self::EMPTY;
        let mut at = 0;
        while at < bytes.len() {
            set.insert(bytes[at]);
            at += 1;
        }
        set
    }

    /// The set with these bits: bit `b % 64` of word `b / 64` stands for byte `b`.
    #[must_use]
    pub const fn from_words(words: [u64; 4]) -> Self {
        Self { words }
    }

    /// The bits, as in [`ByteSet::from_words`].
    #[must_use]
    pub const fn words(&self) -> [u64; 4] {
        self.words
    }

    /// Adds a byte.
    pub const fn insert(&mut self, byte: u8) {
        self.words[(byte >> 6) as usize] |= 1 << (byte & 63);
    }

    /// Whether a byte is a member.
    #[must_use]
    pub const fn contains(&self, byte: u8) -> bool {
        self.words[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    /// Whether there is no member.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let [a, b, c, d] = self.words;
        a | b | c | d == 0
    }

    /// The members of either set.
    #[must_use]
    pub const fn union(&self, other: &Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.words, other.words);
        Self { words: [a | e, b | f, c | g, d | h] }
    }

    /// Whether the sets share a member.
    #[must_use]
    pub const fn intersects(&self, other: &Self) -> bool {
        let ([a, b, c, d], [e, f, g, h]) = (self.words, other.words);
        (a & e) | (b & f) | (c & g) | (d & h) != 0
    }

    /// Whether any byte of a range is a member.
    #[must_use]
    pub const fn any_in(&self, range: RangeInclusive<u8>) -> bool {
        self.intersects(&Self::of_range(*range.start(), *range.end()))
    }

    const fn of_range(first: u8, last: u8) -> Self {
        let mut set = Self::EMPTY;
        let mut word = 0;
        while word < 4 {
            let (low, high) = ((word * 64) as u16, (word * 64 + 63) as u16);
            let (from, to) = (max(first as u16, low), min(last as u16, high));
            if from <= to {
                // `to - from` is at most 63, so neither shift reaches the width of the word.
                set.words[word] = (u64::MAX >> (63 - (to - from))) << (from - low);
            }
            word += 1;
        }
        set
    }
}

const fn max(a: u16, b: u16) -> u16 {
    if a > b { a } else { b }
}

const fn min(a: u16, b: u16) -> u16 {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::ByteSet;

    #[test]
    fn ranges_agree_with_membership() {
        for first in 0..=255u8 {
            for last in [0, 1, 62, 63, 64, 65, 127, 128, 191, 192, 200, 254, 255] {
                let range = ByteSet::of_range(first, last);
                for byte in 0..=255u8 {
                    assert_eq!(
                        range.contains(byte),
                        first <= byte && byte <= last,
                        "{first}..={last} {byte}"
                    );
                }
            }
        }
    }

    #[test]
    fn sets_join_and_meet() {
        let (ab, bc, z) =
            (ByteSet::from_bytes(b"aab"), ByteSet::from_bytes(b"bc"), ByteSet::from_bytes(b"\xffz"));
        assert_eq!(ab.union(&bc), ByteSet::from_bytes(b"abc"));
        assert!(ab.intersects(&bc) && !ab.intersects(&z) && z.any_in(0x80..=0xff) && !ab.any_in(0x80..=0xff));
        assert!(ByteSet::new().is_empty() && !z.is_empty());
        assert_eq!(ByteSet::from_words(z.words()), z);
    }
}
