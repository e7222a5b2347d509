//! The screen's alphabet: 64 symbols in place of 256 bytes, so that a set of them is one word.
//!
//! `a` and `A` are one symbol, so are all digits, all white-space control bytes, all other control bytes and all bytes from
//! 0x80; every printable ASCII mark has its own. One symbol more, the edge, stands before and after every value. Bytes that
//! share a symbol are confused on purpose, always in the direction of "could match": a class becomes the set of the symbols
//! that *any* of its bytes has. Because both cases of a letter are one symbol, what is known of a value is also known of
//! every other spelling of it in capitals and small letters.

#![expect(
    clippy::indexing_slicing,
    reason = "tables of 256 entries are indexed by bytes, while compiling this file"
)]

use portcullis_transformations::ByteSet;
use regex_syntax::hir::ClassBytes;

/// A symbol: a number below 64.
pub(crate) type Symbol = u8;

/// What stands before the first and after the last byte.
pub(crate) const EDGE: Symbol = 0;
const LETTERS: Symbol = 1;
const DIGIT: Symbol = 27;
const MARKS: Symbol = 28;
const SPACE_CONTROL: Symbol = 61;
const CONTROL: Symbol = 62;
const HIGH: Symbol = 63;

/// The symbol of each byte.
pub(crate) static SYMBOL: [Symbol; 256] = symbols();

const fn symbols() -> [Symbol; 256] {
    let mut table = [HIGH; 256];
    let mut byte = 0;
    let mut mark = MARKS;
    while byte < 0x80 {
        table[byte] = match byte as u8 {
            letter @ b'a'..=b'z' => LETTERS + (letter - b'a'),
            letter @ b'A'..=b'Z' => LETTERS + (letter - b'A'),
            b'0'..=b'9' => DIGIT,
            b'\t'..=b'\r' => SPACE_CONTROL,
            0..=0x1f | 0x7f => CONTROL,
            _ => {
                mark += 1;
                mark - 1
            }
        };
        byte += 1;
    }
    table
}

/// The symbol of a byte.
pub(crate) fn symbol(byte: u8) -> Symbol {
    SYMBOL.get(usize::from(byte)).copied().unwrap_or(HIGH)
}

/// Whether no other byte, but for the other case of a letter, has the same symbol.
pub(crate) fn has_symbol_of_its_own(byte: u8) -> bool {
    !matches!(symbol(byte), DIGIT | SPACE_CONTROL | CONTROL | HIGH)
}

/// A set of symbols.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Symbols(pub(crate) u64);

impl Symbols {
    pub(crate) const EMPTY: Self = Self(0);
    /// Every symbol, the edge included: no condition at all.
    pub(crate) const ALL: Self = Self(u64::MAX);
    /// Every symbol that a byte can have.
    pub(crate) const BYTES: Self = Self(!(1 << EDGE));
    pub(crate) const EDGE: Self = Self(1 << EDGE);
    /// Letters, digits and the underscore, as `\w`. No other byte shares a symbol with them.
    pub(crate) const WORD: Self = Self(((1 << 28) - 2) | 1 << SYMBOL[b'_' as usize]);
    /// The symbol of a line feed, and with it of other white-space control bytes.
    pub(crate) const LINE_FEED: Self = Self(1 << SPACE_CONTROL);

    pub(crate) fn of(symbol: Symbol) -> Self {
        Self(1 << (symbol & 63))
    }

    /// The symbols of these bytes.
    pub(crate) fn of_bytes(bytes: impl IntoIterator<Item = u8>) -> Self {
        bytes.into_iter().fold(Self::EMPTY, |set, byte| set.union(Self::of(symbol(byte))))
    }

    /// The symbols that the bytes of a class have.
    pub(crate) fn of_class(class: &ClassBytes) -> Self {
        let high = class.ranges().last().is_some_and(|range| range.end() >= 0x80);
        let low = class.ranges().iter().flat_map(|range| range.start()..=range.end().min(0x7f));
        Self::of_bytes(low).union(if high { Self::of(HIGH) } else { Self::EMPTY })
    }

    /// The symbols of the bytes that are *not* in a set of 256 bits.
    pub(crate) fn outside(set: &[u64; 4]) -> Self {
        let inside = ByteSet::from_words(*set);
        Self::of_bytes((0..=255).filter(|byte| !inside.contains(*byte)))
    }

    pub(crate) fn contains(self, symbol: Symbol) -> bool {
        self.0 >> (symbol & 63) & 1 == 1
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The symbol of a set of one.
    pub(crate) fn only(self) -> Option<Symbol> {
        (self.len() == 1).then(|| self.0.trailing_zeros() as Symbol)
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Symbol> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let symbol = rest.trailing_zeros() as Symbol;
            (rest != 0).then(|| {
                rest &= rest - 1;
                symbol
            })
        })
    }

    /// Every byte that has one of these symbols.
    pub(crate) fn bytes(self) -> ByteSet {
        let mut bytes = ByteSet::new();
        for byte in (0..=255).filter(|byte| self.contains(symbol(*byte))) {
            bytes.insert(byte);
        }
        bytes
    }
}

impl std::fmt::Debug for Symbols {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Self::ALL {
            return f.write_str("*");
        }
        let one = self.len() == 1;
        f.write_str(if one { "" } else { "[" })?;
        for symbol in self.iter() {
            let byte = (0..=255u8).find(|byte| self::symbol(*byte) == symbol);
            match (symbol, byte) {
                (EDGE, _) => f.write_str("^")?,
                (DIGIT, _) => f.write_str("0")?,
                (SPACE_CONTROL, _) => f.write_str("\\n")?,
                (CONTROL, _) => f.write_str("\\0")?,
                (HIGH, _) => f.write_str("\\xff")?,
                (_, Some(byte)) => write!(f, "{}", char::from(byte).to_ascii_lowercase())?,
                (_, None) => {}
            }
        }
        f.write_str(if one { "" } else { "]" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_64_symbols() {
        let used = Symbols::of_bytes(0..=255);
        assert_eq!(used, Symbols::BYTES);
        assert_eq!(symbol(b'~'), SPACE_CONTROL - 1);
        assert_eq!(symbol(b'Q'), symbol(b'q'));
        assert_ne!(symbol(b'['), symbol(b'{'));
    }

    #[test]
    fn word_symbols_hold_word_bytes_only() {
        for byte in 0..=255u8 {
            let word = byte.is_ascii_alphanumeric() || byte == b'_';
            assert_eq!(Symbols::WORD.contains(symbol(byte)), word, "{byte}");
        }
        assert!(!Symbols::WORD.contains(EDGE));
    }

    #[test]
    fn classes_grow_to_whole_symbols() {
        assert_eq!(Symbols::of_bytes(*b"A5").bytes(), ByteSet::from_bytes(b"aA0123456789"));
    }
}
