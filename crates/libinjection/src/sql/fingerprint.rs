//! Fingerprints: the letters of the folded tokens, and the list of those that attacks have.
//!
//! `1' or '1'='1` read inside a quote → `s&sos`, which is listed. The verdict builds one per reading and asks [`is_listed`].
//! The list is that of the C library (8,367 entries, from the `libinjectionrs` crate, which exports it unchanged), turned into a
//! hash table of 64 KiB while compiling. A listed fingerprint alone is no verdict: see `verdict`.

use std::fmt;

use libinjectionrs::sqli::sqli_data::SQL_KEYWORDS;

use super::fold::{Folded, MAX_TOKENS, fold};
use super::token::Kind;
use super::tokenizer::Context;

/// One to five letters, each the kind of a token; the single letter `X` stands for syntax on which databases disagree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    letters: [u8; MAX_TOKENS],
    len: u8,
}

impl Fingerprint {
    const EVIL: Self = Self { letters: *b"X\0\0\0\0", len: 1 };
}

impl AsRef<[u8]> for Fingerprint {
    fn as_ref(&self) -> &[u8] {
        self.letters.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().iter().try_for_each(|&letter| fmt::Write::write_char(f, char::from(letter)))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The fingerprint of `input` read as `context` says, listed or not; empty when nothing remains after folding.
#[must_use]
pub fn fingerprint(input: &[u8], context: Context) -> Fingerprint {
    of(&mut fold(input, context))
}

/// The fingerprint of folded tokens.
pub(super) fn of(folded: &mut Folded<'_>) -> Fingerprint {
    // Before anything is cut: an evil token may be the sixth.
    if folded.tokens().iter().any(|token| token.kind == Kind::Evil) {
        return Fingerprint::EVIL;
    }
    back_quote_comment(folded);
    let mut fingerprint = Fingerprint { letters: [0; MAX_TOKENS], len: 0 };
    for (letter, token) in fingerprint.letters.iter_mut().zip(folded.tokens()) {
        *letter = token.kind.letter();
    }
    fingerprint.len = folded.len as u8;
    fingerprint
}

/// A lone back quote at the end hides what the application appends, as a comment does.
fn back_quote_comment(folded: &mut Folded<'_>) {
    if folded.len > 2
        && let Some(last) = folded.hand.get_mut(folded.len - 1)
        && last.kind == Kind::Bareword
        && last.open == Some(b'`')
        && last.close.is_none()
        && last.text().is_empty()
    {
        last.kind = Kind::Comment;
    }
}

const SLOTS: usize = 16_384;

/// Packed fingerprints by [`home`] slot, 0 for an empty one.
static LISTED: [u32; SLOTS] = build();

/// Whether attacks have this fingerprint. The list does not tell a type name from a Transact-SQL word (`t` and `T`).
pub(super) fn is_listed(fingerprint: Fingerprint) -> bool {
    let packed = pack(fingerprint.as_ref());
    let mut slot = home(packed);
    loop {
        let entry = LISTED[slot % SLOTS];
        if entry == packed || entry == 0 {
            return entry != 0;
        }
        slot += 1;
    }
}

/// Five bits per letter; no letter has the code 0, so lengths do not collide.
const fn pack(letters: &[u8]) -> u32 {
    let mut packed = 0;
    let mut next = 0;
    while next < letters.len() {
        packed = packed << 5 | CODES[letters[next] as usize] as u32;
        next += 1;
    }
    packed
}

/// Code of each letter: the number of its kind, upper and lower case alike.
static CODES: [u8; 256] = {
    let mut codes = [0; 256];
    let mut letter = 0;
    while letter < 256 {
        if let Some(kind) = Kind::from_letter(letter as u8) {
            codes[letter] = kind as u8;
            codes[(letter as u8).to_ascii_uppercase() as usize] = kind as u8;
        }
        letter += 1;
    }
    codes
};

const fn home(packed: u32) -> usize {
    (packed.wrapping_mul(0x9e37_79b1) >> 18) as usize
}

const fn build() -> [u32; SLOTS] {
    let mut slots = [0; SLOTS];
    let mut next = 0;
    while next < SQL_KEYWORDS.len() {
        // A listed fingerprint is written as the digit 0 and then its letters in upper case.
        if SQL_KEYWORDS[next].token_type == b'F'
            && let [b'0', letters @ ..] = SQL_KEYWORDS[next].word.as_bytes()
        {
            let packed = pack(letters);
            let mut slot = home(packed);
            while slots[slot % SLOTS] != 0 {
                slot += 1;
            }
            slots[slot % SLOTS] = packed;
        }
        next += 1;
    }
    slots
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn entries() -> impl Iterator<Item = &'static [u8]> {
        SQL_KEYWORDS.iter().filter(|entry| entry.token_type == b'F').map(|entry| &entry.word.as_bytes()[1..])
    }

    fn from(letters: &[u8]) -> Fingerprint {
        let mut fingerprint = Fingerprint { letters: [0; MAX_TOKENS], len: letters.len() as u8 };
        fingerprint.letters[..letters.len()].copy_from_slice(letters);
        fingerprint
    }

    #[test]
    fn the_list_is_complete_and_exact() {
        assert_eq!(
            entries().map(pack).collect::<HashSet<_>>().len(),
            entries().count(),
            "two entries share a code"
        );
        assert_eq!(LISTED.iter().filter(|&&entry| entry != 0).count(), entries().count());
        assert!(entries().all(|letters| is_listed(from(letters))));
        assert!(is_listed(from(b"s&sos")) && is_listed(from(b"X")));
        assert!(!is_listed(from(b"n")) && !is_listed(from(b"")) && !is_listed(from(b"nnnnn")));
    }

    /// What `bytes::HARMLESS_BYTES` relies on.
    #[test]
    fn few_short_fingerprints_are_listed() {
        let short: HashSet<_> = entries().filter(|letters| letters.len() < 3).collect();
        assert_eq!(short, HashSet::from([b"X" as &[u8], b"1C", b"1U", b"NC", b"SC", b"VC", b"VU"]));
        assert!(!entries().any(|letters| matches!(letters, [b'1' | b'N', b'1' | b'N', _])));
    }
}
