//! Context-triggered piecewise hashes, as ssdeep makes and compares them.
//!
//! `Digest::of(text)` → `96:MbQ1L0…:KvL8Gg…`; two texts that share long stretches have digests that score above 0. A rolling
//! hash over seven bytes cuts the text into pieces at places that depend on its content alone; each piece gives one of 64
//! letters. A digest has the letters of a block size and of twice that size, so that texts of different length compare.
//!
//! Written from the description of the method (J. Kornblum, "Identifying almost identical files using context triggered
//! piecewise hashing", 2006) and compared with libfuzzy 2.14. Work is linear in the text but for one pass per halving of
//! the block size, of which there are at most 30.

use std::fmt;

/// Bytes of the rolling window, and the shortest common piece that makes digests comparable.
const WINDOW: usize = 7;

/// Letters of the first half; the second has half as many.
const LETTERS: usize = 64;

/// The smallest block.
const MIN_BLOCK: u64 = 3;

/// Runs of a letter beyond this carry nothing.
const LONGEST_RUN: usize = 3;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Where the hash of a piece begins, and what it multiplies with.
const PIECE_START: u32 = 0x2802_1967;
const PIECE_PRIME: u32 = 0x0100_0193;

/// A digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digest {
    block: u64,
    /// Letters for `block`.
    single: Vec<u8>,
    /// Letters for twice `block`.
    double: Vec<u8>,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |letters: &[u8]| String::from_utf8_lossy(letters).into_owned();
        write!(f, "{}:{}:{}", self.block, text(&self.single), text(&self.double))
    }
}

impl Digest {
    /// The digest of a text.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut block = MIN_BLOCK;
        while block.saturating_mul(LETTERS as u64) < text.len() as u64 {
            block *= 2;
        }
        loop {
            let digest = Self::with_block(text, block);
            // The last letter is the rest of the text; so few before it tell too little.
            if block == MIN_BLOCK || digest.1 >= LETTERS / 2 {
                return digest.0;
            }
            block /= 2;
        }
    }

    /// The digest for a block size, and how many pieces ended before the end of the text.
    fn with_block(text: &[u8], block: u64) -> (Self, usize) {
        let mut rolling = Rolling::default();
        let mut single = Pieces::new(LETTERS);
        let mut double = Pieces::new(LETTERS / 2);
        for byte in text {
            rolling.push(*byte);
            single.push(*byte);
            double.push(*byte);
            let sum = u64::from(rolling.sum());
            if sum % block == block - 1 {
                single.cut();
            }
            if sum % (block * 2) == block * 2 - 1 {
                double.cut();
            }
        }
        let cuts = single.letters.len();
        let rest = rolling.sum() != 0;
        (Self { block, single: single.finish(rest), double: double.finish(rest) }, cuts)
    }

    /// Reads `BLOCK:LETTERS:LETTERS`, with or without a name behind a comma.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let digest = line.split(|byte| *byte == b',').next()?;
        let mut parts = digest.splitn(3, |byte| *byte == b':');
        let block = std::str::from_utf8(parts.next()?).ok()?.trim().parse().ok()?;
        let (single, double) = (parts.next()?.to_vec(), parts.next()?.to_vec());
        (single.len() <= LETTERS && double.len() <= LETTERS).then_some(Self { block, single, double })
    }

    /// How much two digests have in common, 0 to 100.
    pub(crate) fn compare(&self, other: &Self) -> u32 {
        let (ours, theirs) = (self.without_runs(), other.without_runs());
        if self.block == other.block {
            if ours == theirs {
                return 100;
            }
            let single = score(&ours.single, &theirs.single, self.block);
            return single.max(score(&ours.double, &theirs.double, self.block.saturating_mul(2)));
        }
        if self.block.checked_mul(2) == Some(other.block) {
            return score(&ours.double, &theirs.single, other.block);
        }
        if other.block.checked_mul(2) == Some(self.block) {
            return score(&ours.single, &theirs.double, self.block);
        }
        0
    }

    fn without_runs(&self) -> Self {
        let shorten = |letters: &[u8]| {
            let mut out: Vec<u8> = Vec::with_capacity(letters.len());
            for letter in letters {
                if out.len() < LONGEST_RUN || out[out.len() - LONGEST_RUN..].iter().any(|last| last != letter)
                {
                    out.push(*letter);
                }
            }
            out
        };
        Self { block: self.block, single: shorten(&self.single), double: shorten(&self.double) }
    }
}

/// The sum that decides where a piece ends: it depends on the last seven bytes alone.
#[derive(Default)]
struct Rolling {
    window: [u8; WINDOW],
    next: usize,
    plain: u32,
    weighted: u32,
    shifted: u32,
}

impl Rolling {
    fn push(&mut self, byte: u8) {
        let value = u32::from(byte);
        self.weighted = self.weighted.wrapping_sub(self.plain).wrapping_add(WINDOW as u32 * value);
        self.plain = self.plain.wrapping_add(value).wrapping_sub(u32::from(self.window[self.next]));
        self.window[self.next] = byte;
        self.next = (self.next + 1) % WINDOW;
        self.shifted = (self.shifted << 5) ^ value;
    }

    fn sum(&self) -> u32 {
        self.plain.wrapping_add(self.weighted).wrapping_add(self.shifted)
    }
}

/// The letters of the pieces so far.
struct Pieces {
    limit: usize,
    letters: Vec<u8>,
    /// The letter of the last piece that ended when there was no room for more.
    overflow: Option<u8>,
    hash: u32,
}

impl Pieces {
    fn new(limit: usize) -> Self {
        Self { limit, letters: Vec::new(), overflow: None, hash: PIECE_START }
    }

    fn push(&mut self, byte: u8) {
        self.hash = self.hash.wrapping_mul(PIECE_PRIME) ^ u32::from(byte);
    }

    /// A piece ends. The last letter stands for everything behind the others, so its hash goes on.
    fn cut(&mut self) {
        let letter = ALPHABET[self.hash as usize % ALPHABET.len()];
        if self.letters.len() < self.limit - 1 {
            self.letters.push(letter);
            self.hash = PIECE_START;
        } else {
            self.overflow = Some(letter);
        }
    }

    /// `rest`: the text did not end with a piece.
    fn finish(mut self, rest: bool) -> Vec<u8> {
        let last = if rest { Some(ALPHABET[self.hash as usize % ALPHABET.len()]) } else { self.overflow };
        self.letters.extend(last);
        self.letters
    }
}

/// How alike two rows of letters of a block size are.
fn score(a: &[u8], b: &[u8], block: u64) -> u32 {
    let related = a.windows(WINDOW).any(|piece| b.windows(WINDOW).any(|other| piece == other));
    if !related {
        return 0;
    }
    let (total, letters) = ((a.len() + b.len()) as u32, LETTERS as u32);
    let difference = 100 * (distance(a, b) * letters / total) / letters;
    let likeness = 100_u32.saturating_sub(difference);
    // Small blocks say little: the score is bounded by what so many letters can prove.
    let large = (99 + WINDOW as u64) / WINDOW as u64 * MIN_BLOCK;
    if block >= large {
        return likeness;
    }
    let most = block / MIN_BLOCK * a.len().min(b.len()) as u64;
    likeness.min(u32::try_from(most).unwrap_or(u32::MAX))
}

/// Edit distance: a letter more or less costs 1, another letter 2.
fn distance(a: &[u8], b: &[u8]) -> u32 {
    let mut row: Vec<u32> = (0..=b.len() as u32).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i as u32 + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + if x == y { 0 } else { 2 };
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> Vec<u8> {
        (0..4000_u32).flat_map(|n| (n * n).to_string().into_bytes()).collect()
    }

    /// Digests of libfuzzy 2.14 for texts that are easy to make.
    #[test]
    fn digests_are_those_of_ssdeep() {
        let numbers = numbers();
        for (text, expected) in [
            (&b""[..], "3::"),
            (b"a", "3:E:E"),
            (b"The quick brown fox jumps over the lazy dog", "3:FJKKIUKact:FHIGi"),
            (&[0; 5000], "3::"),
            (&numbers, "768:ZRxiVAkVj1MjMFEKc2xEj0rRCBVLxe7o/3lllj:N8RjujMF5xEwRw9xyo/3Nj"),
            (
                &numbers[..20_000],
                "384:ZRxP6Z/AkVd4PiulikKMjMFCsz0FHr2LLLc2x5qj02SRvXz4OGfBV:ZRxiVAkVj1MjMFEKc2xEj0rRCBV",
            ),
        ] {
            assert_eq!(Digest::of(text).to_string(), expected);
        }
    }

    #[test]
    fn scores_are_those_of_ssdeep() {
        let numbers = numbers();
        let part = Digest::of(&numbers[..20_000]);
        let middle = Digest::of(&[&numbers[3000..20_000], b"xyz"].concat());
        let shorter = Digest::of(&numbers[..numbers.len() - 40]);
        let whole = Digest::of(&numbers);
        assert_eq!(part.compare(&middle), 86);
        assert_eq!(whole.compare(&part), 85);
        assert_eq!((whole.compare(&shorter), whole.compare(&whole)), (99, 100));
        assert_eq!(whole.compare(&Digest::of(b"something else")), 0);
    }

    #[test]
    fn a_line_that_is_no_digest_is_none() {
        for line in [&b"ssdeep,1.1--blocksize:hash:hash,filename"[..], b"", b"3:abc", b"x:a:b", b"3"] {
            assert_eq!(Digest::parse(line), None);
        }
        let line = b"96:+qK8Z4gA165/hquKNMi68zuEyMM9qNB26x:+RG4z6c1LyZOB26x,\"README.TXT\"";
        assert_eq!(Digest::parse(line).unwrap().block, 96);
    }
}
