//! Keyword and phrase look-up: `sElEcT` → [`Kind::Expression`], `group by` → [`Kind::Group`].
//!
//! The words are those of the C library's table, taken from the `libinjectionrs` crate, which exports it unchanged.
//! Word look-up is the hot spot of the tokenizer, so the table becomes a hash table while compiling: a word is padded to four
//! upper-cased machine words, hashed, and in the usual miss rejected by a 16-bit tag without touching a key.
//! That table also lists fingerprints, as keys that begin with a digit; they live in `fingerprint`. No look-up here could
//! meet one: words never begin with a digit, phrases contain a space, and back-quoted text asks only for functions.

use libinjectionrs::sqli::sqli_data::{Keyword, SQL_KEYWORDS};

use super::token::{Kind, MAX_TEXT};

/// A word, padded with zeros and in upper case.
type Packed = [u64; 4];

const SLOTS: usize = 4096;
const WORDS: usize = count_words();

struct Table {
    keys: [Packed; WORDS],
    kinds: [Kind; WORDS],
    /// 0 for an empty slot, else the tag in the upper half and the index of the key plus one in the lower.
    slots: [u32; SLOTS],
    /// Bit `n` of entry `b`: some phrase of `n` bytes begins with the upper-case letter `b`.
    phrase_lengths: [u32; 256],
}

static TABLE: Table = build();

/// Kind of the `word`, in any case; `None` for a word that is not in the table.
pub(super) fn lookup(word: &[u8]) -> Option<Kind> {
    let mut bytes = [0; 32];
    bytes.get_mut(..word.len())?.copy_from_slice(word);
    find(&upper(&bytes), word.len())
}

/// Joins two words with a space: the kind and bytes of the phrase, if the table has it.
pub(super) fn phrase(first: &[u8], second: &[u8]) -> Option<(Kind, [u8; MAX_TEXT], u8)> {
    let len = first.len() + 1 + second.len();
    let initial = first.first()?.to_ascii_uppercase();
    if len > MAX_TEXT || TABLE.phrase_lengths[usize::from(initial)] >> len & 1 == 0 {
        return None;
    }
    let mut bytes = [0; 32];
    bytes.get_mut(..first.len())?.copy_from_slice(first);
    *bytes.get_mut(first.len())? = b' ';
    bytes.get_mut(first.len() + 1..len)?.copy_from_slice(second);
    let kind = find(&upper(&bytes), len)?;
    let mut text = [0; MAX_TEXT];
    text.copy_from_slice(&bytes[..MAX_TEXT]);
    Some((kind, text, len as u8))
}

fn find(key: &Packed, len: usize) -> Option<Kind> {
    let (mut slot, tag) = hash(key, len);
    loop {
        let entry = TABLE.slots[slot % SLOTS];
        if entry == 0 {
            return None;
        }
        let index = (entry & 0xffff) as usize - 1;
        if entry >> 16 == tag && TABLE.keys[index] == *key {
            return Some(TABLE.kinds[index]);
        }
        slot += 1;
    }
}

/// Home slot and tag. Two words that differ only in trailing zeros differ in `len`; no key contains a zero, so a word
/// that does never compares equal.
const fn hash(key: &Packed, len: usize) -> (usize, u32) {
    let mixed = key[0].wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ key[1].wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        ^ key[2].wrapping_mul(0x1656_67b1_9e37_79f9)
        ^ key[3].wrapping_mul(0x27d4_eb2f_1656_67c5)
        ^ len as u64;
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 52) as usize, (mixed >> 32) as u32 & 0xffff)
}

const fn upper(bytes: &[u8; 32]) -> Packed {
    let (chunks, _) = bytes.as_chunks::<8>();
    let mut packed = [0; 4];
    let mut next = 0;
    while next < 4 {
        packed[next] = upper_chunk(u64::from_le_bytes(chunks[next]));
        next += 1;
    }
    packed
}

/// Upper-cases eight bytes at once: bit 7 of a lane of `above` is set from `a` on, of `beyond` after `z`.
/// Lanes cannot carry into each other because bit 7 is masked away first; bytes with bit 7 set stay as they are.
const fn upper_chunk(chunk: u64) -> u64 {
    const LANES: u64 = 0x0101_0101_0101_0101;
    let low = chunk & (0x7f * LANES);
    let above = low + (0x80 - b'a' as u64) * LANES;
    let beyond = low + (0x7f - b'z' as u64) * LANES;
    let letters = above & !beyond & !chunk & (0x80 * LANES);
    chunk - (letters >> 2)
}

const fn is_fingerprint(keyword: &Keyword) -> bool {
    keyword.token_type == b'F'
}

const fn count_words() -> usize {
    let mut words = 0;
    let mut next = 0;
    while next < SQL_KEYWORDS.len() {
        if !is_fingerprint(&SQL_KEYWORDS[next]) {
            words += 1;
        }
        next += 1;
    }
    words
}

const fn build() -> Table {
    let mut table = Table {
        keys: [[0; 4]; WORDS],
        kinds: [Kind::Nothing; WORDS],
        slots: [0; SLOTS],
        phrase_lengths: [0; 256],
    };
    let mut words = 0;
    let mut next = 0;
    while next < SQL_KEYWORDS.len() {
        let keyword = &SQL_KEYWORDS[next];
        next += 1;
        if is_fingerprint(keyword) {
            continue;
        }
        let word = keyword.word.as_bytes();
        let mut bytes = [0; 32];
        let mut at = 0;
        while at < word.len() {
            bytes[at] = word[at];
            if word[at] == b' ' {
                table.phrase_lengths[word[0] as usize] |= 1 << word.len();
            }
            at += 1;
        }
        let key = upper(&bytes);
        let (mut slot, tag) = hash(&key, word.len());
        while table.slots[slot % SLOTS] != 0 {
            slot += 1;
        }
        table.keys[words] = key;
        table.kinds[words] = match Kind::from_letter(keyword.token_type) {
            Some(kind) => kind,
            None => panic!("the keyword table has a type that no token has"),
        };
        words += 1;
        table.slots[slot % SLOTS] = tag << 16 | words as u32;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_table_is_found_in_any_case() {
        let words: Vec<_> = SQL_KEYWORDS.iter().filter(|keyword| !is_fingerprint(keyword)).collect();
        assert_eq!(words.len(), WORDS);
        for keyword in words {
            let kind = Kind::from_letter(keyword.token_type);
            assert_eq!(lookup(keyword.word.as_bytes()), kind, "{}", keyword.word);
            assert_eq!(lookup(keyword.word.to_lowercase().as_bytes()), kind, "{}", keyword.word);
        }
    }

    #[test]
    fn other_words_are_not_found() {
        for word in [
            "",
            "SELEC",
            "SELECTS",
            "SELECT\0",
            "ΑND",
            "{ELECT",
            "a_word_that_is_longer_than_any_in_the_table",
        ] {
            assert_eq!(lookup(word.as_bytes()), None, "{word}");
        }
    }

    #[test]
    fn phrases_keep_the_case_of_the_input() {
        let (kind, bytes, len) = phrase(b"group", b"By").expect("GROUP BY is a phrase");
        assert_eq!((kind, &bytes[..usize::from(len)]), (Kind::Group, &b"group By"[..]));
        assert!(phrase(b"group", b"b").is_none());
        assert!(phrase(b"", b"by").is_none());
    }

    #[test]
    fn upper_case_by_eight_is_upper_case() {
        for byte in 0..=255_u8 {
            let chunk = u64::from_le_bytes([byte, 0xff, byte, b'a', byte, b'z', byte, 0]);
            let expected = chunk.to_le_bytes().map(|byte| byte.to_ascii_uppercase());
            assert_eq!(upper_chunk(chunk).to_le_bytes(), expected);
        }
    }
}
