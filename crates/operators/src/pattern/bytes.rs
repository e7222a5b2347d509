//! A set of byte values, the only kind of "character class" there is here.
//!
//! `[a-c]` is a set of three. The parser builds them, the translator turns them into byte classes. ASCII is all that has
//! case; bytes from 0x80 belong to no named class.

use regex_syntax::hir::{ClassBytes, ClassBytesRange};

/// 256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(super) const EMPTY: Self = Self([0; 4]);
    pub(super) const ALL: Self = Self([u64::MAX; 4]);

    pub(super) fn of(byte: u8) -> Self {
        Self::range(byte, byte)
    }

    /// All bytes from `start` to `end`, both included; nothing when they are the wrong way round.
    pub(super) fn range(start: u8, end: u8) -> Self {
        let mut set = Self::EMPTY;
        for byte in start..=end {
            set.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        set
    }

    pub(super) fn listed(bytes: &[u8]) -> Self {
        bytes.iter().fold(Self::EMPTY, |set, &byte| set.union(Self::of(byte)))
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self(std::array::from_fn(|index| self.0[index] | other.0[index]))
    }

    pub(super) fn is_disjoint(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(left, right)| left & right == 0)
    }

    pub(super) fn negated(self) -> Self {
        Self(self.0.map(|word| !word))
    }

    /// Adds the other case of every ASCII letter.
    pub(super) fn folded(self) -> Self {
        // Both cases sit in word 1, 32 bits apart: upper at bits 1 to 26, lower at 33 to 58.
        const UPPER: u64 = 0x07ff_fffe;
        let letters = (self.0[1] | self.0[1] >> 32) & UPPER;
        Self([self.0[0], self.0[1] | letters | letters << 32, self.0[2], self.0[3]])
    }

    pub(super) fn class(self) -> ClassBytes {
        ClassBytes::new(self.ranges().into_iter().map(|(start, end)| ClassBytesRange::new(start, end)))
    }

    /// The maximal runs of the set.
    pub(super) fn ranges(self) -> Vec<(u8, u8)> {
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        for (word, base) in self.0.into_iter().zip([0u8, 64, 128, 192]) {
            let mut rest = word;
            while rest != 0 {
                let first = rest.trailing_zeros();
                let length = (rest >> first).trailing_ones();
                let (start, end) = (base + first as u8, base + (first + length - 1) as u8);
                match ranges.last_mut() {
                    Some(last) if last.1.checked_add(1) == Some(start) => last.1 = end,
                    _ => ranges.push((start, end)),
                }
                rest &= u64::MAX.checked_shl(first + length).unwrap_or(0);
            }
        }
        ranges
    }
}

/// `\d`, `\w`, `\s`, `\h`, `\v`, `\N` and their capitals; the vertical tab is in `\s`, as since PCRE2 10.
pub(super) fn shorthand(letter: u8) -> Option<ByteSet> {
    let set = match letter.to_ascii_lowercase() {
        b'd' => ByteSet::range(b'0', b'9'),
        b'w' => posix(b"word")?,
        b's' => posix(b"space")?,
        b'h' => ByteSet::listed(b"\t \xa0"),
        b'v' => ByteSet::range(0x0a, 0x0d).union(ByteSet::of(0x85)),
        _ => return None,
    };
    Some(if letter.is_ascii_uppercase() { set.negated() } else { set })
}

/// `[:name:]` in the C locale.
pub(super) fn posix(name: &[u8]) -> Option<ByteSet> {
    let upper = ByteSet::range(b'A', b'Z');
    let lower = ByteSet::range(b'a', b'z');
    let digit = ByteSet::range(b'0', b'9');
    let alpha = upper.union(lower);
    Some(match name {
        b"alpha" => alpha,
        b"lower" => lower,
        b"upper" => upper,
        b"alnum" => alpha.union(digit),
        b"ascii" => ByteSet::range(0, 0x7f),
        b"blank" => ByteSet::listed(b"\t "),
        b"cntrl" => ByteSet::range(0, 0x1f).union(ByteSet::of(0x7f)),
        b"digit" => digit,
        b"graph" => ByteSet::range(0x21, 0x7e),
        b"print" => ByteSet::range(0x20, 0x7e),
        b"punct" => ByteSet::range(0x21, 0x7e).negated().union(alpha).union(digit).negated(),
        b"space" => ByteSet::range(0x09, 0x0d).union(ByteSet::of(b' ')),
        b"word" => alpha.union(digit).union(ByteSet::of(b'_')),
        b"xdigit" => digit.union(ByteSet::range(b'a', b'f')).union(ByteSet::range(b'A', b'F')),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_ascii_letters_only() {
        assert_eq!(ByteSet::listed(b"aZ[@\xe9").folded(), ByteSet::listed(b"aAzZ[@\xe9"));
        assert_eq!(ByteSet::range(b'@', b'z').folded(), ByteSet::range(b'@', b'z'));
    }

    #[test]
    fn has_the_named_classes() {
        assert_eq!(posix(b"punct").unwrap(), ByteSet::listed(b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"));
        assert!(!shorthand(b's').unwrap().is_disjoint(ByteSet::of(0x0b)));
        assert!(!shorthand(b'W').unwrap().is_disjoint(ByteSet::of(0xe9)));
        assert!(posix(b"nope").is_none());
        assert_eq!(ByteSet::ALL.ranges(), [(0, 255)]);
    }

    #[test]
    fn ranges_are_the_runs_of_the_set() {
        let shapes: [&[(u8, u8)]; 6] = [
            &[],
            &[(0, 0), (2, 63)],
            &[(0, 64), (66, 66)],
            &[(63, 64), (127, 192), (254, 255)],
            &[(62, 62), (64, 127), (255, 255)],
            &[(1, 254)],
        ];
        for shape in shapes {
            let ranges = shape.iter().map(|(start, end)| ByteSet::range(*start, *end));
            assert_eq!(ranges.fold(ByteSet::EMPTY, ByteSet::union).ranges(), shape);
        }
    }
}
