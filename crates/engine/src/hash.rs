//! A hasher for keys that are offsets into an arena, or names of the configuration.
//!
//! The keys are chosen by our own bookkeeping and by the rules, not by clients, so mixing by one multiplication is enough and
//! costs a fraction of the standard hasher. Do not use it for a table of bytes that a client sends.

use std::hash::{BuildHasherDefault, Hasher};

/// Builds [`OffsetMixer`]s.
pub(crate) type OffsetHasher = BuildHasherDefault<OffsetMixer>;

/// Multiplies and folds.
#[derive(Debug, Default)]
pub(crate) struct OffsetMixer(u64);

impl Hasher for OffsetMixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.write_u64(u64::from_le_bytes(*word)));
        self.write_u64(rest.iter().fold(rest.len() as u64, |word, byte| word << 8 | u64::from(*byte)));
    }

    fn write_u16(&mut self, n: u16) {
        self.write_u64(u64::from(n));
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        // An odd constant near 2^64 divided by the golden ratio spreads consecutive offsets.
        let mixed = (self.0 ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 29);
    }
}
