//! The dictionary of `@pm` and `@pmFromFile`.
//!
//! Phrases `abcd` and `bc`, value `xABCx`: a match that reports `abc`. The search is Aho-Corasick without ASCII case and
//! stops at the earliest end of a phrase. What is reported is not the phrase but the automaton's path at that point: the
//! longest dictionary prefix that ends there, spelled like the first phrase that begins so. That is ModSecurity's
//! behaviour, visible in TX.0 and in the log. Reference Manual: `pm`.

use std::sync::OnceLock;

use crate::text::{argument_error, at};
use crate::{ArgumentError, Capture, Failure, Hit, Shape, Test, escape};
use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};

/// Up to how many bytes of phrases the automaton waits for the first value. It has about a state per byte, and as many
/// always fit.
const MOST_LATER: usize = 1 << 20;

/// A compiled dictionary.
#[derive(Debug)]
pub(crate) struct Phrases {
    phrases: Vec<Vec<u8>>,
    /// Indexes of `phrases` in the order of their lower-case forms.
    sorted: Vec<u32>,
    longest: usize,
    /// Built when the first value comes that the screen could not rule out. That of most dictionaries is never needed, and
    /// together they are a sixth of the work of loading the Core Rule Set.
    automaton: OnceLock<AhoCorasick>,
}

impl Phrases {
    /// Empty phrases must have been left out.
    pub(crate) fn new(phrases: Vec<Vec<u8>>) -> Result<Self, ArgumentError> {
        let automaton = OnceLock::new();
        if phrases.iter().map(Vec::len).sum::<usize>() > MOST_LATER {
            let built = build(&phrases).map_err(|error| {
                argument_error(format!("the phrases do not fit into one automaton: {error}"))
            })?;
            automaton.get_or_init(|| built);
        }
        // The automaton has refused more phrases than 32 bits count.
        let mut sorted: Vec<u32> = (0..phrases.len() as u32).collect();
        sorted.sort_by_cached_key(|&index| phrases[index as usize].to_ascii_lowercase());
        let longest = phrases.iter().map(Vec::len).max().unwrap_or(0);
        Ok(Self { phrases, sorted, longest, automaton })
    }

    fn automaton(&self) -> &AhoCorasick {
        self.automaton.get_or_init(|| build(&self.phrases).expect("few phrases fit into an automaton"))
    }

    /// The path of the automaton after `seen`, when no phrase ended before.
    fn path(&self, seen: &[u8]) -> &[u8] {
        let longest = self.longest.min(seen.len());
        (1..=longest).rev().find_map(|length| self.spelling(&seen[seen.len() - length..])).unwrap_or(&[])
    }

    /// How the first phrase that begins with `prefix` spells it.
    fn spelling(&self, prefix: &[u8]) -> Option<&[u8]> {
        let phrase = |index: u32| self.phrases[index as usize].as_slice();
        let begins = |index: u32| {
            let phrase = phrase(index);
            phrase.len() >= prefix.len() && phrase[..prefix.len()].eq_ignore_ascii_case(prefix)
        };
        let lower = |byte: &u8| byte.to_ascii_lowercase();
        let first = self
            .sorted
            .partition_point(|&index| phrase(index).iter().map(lower).lt(prefix.iter().map(lower)));
        let candidates = self.sorted[first..].iter().copied().take_while(|&index| begins(index));
        candidates.min().map(|index| &phrase(index)[..prefix.len()])
    }
}

/// The screen lets few values come here, so the kind that is small is as good as the fast one, which takes many times the
/// memory.
fn build(phrases: &[Vec<u8>]) -> Result<AhoCorasick, BuildError> {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .ascii_case_insensitive(true)
        .build(phrases)
}

impl Test for Phrases {
    fn test(&self, value: &[u8], _: &[u8], captures: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        let Some(found) = self.automaton().find(value) else { return Ok(false) };
        hit.text.extend(self.path(&value[..found.end()]));
        if captures {
            hit.captures.push(Capture::Text(hit.text.clone()));
        }
        Ok(true)
    }

    fn message(&self, _: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
        out.extend(b"Matched phrase \"");
        escape::escape_cut(&hit.text, out);
        at(b"\"", name, out);
    }

    fn shape(&self) -> Shape<'_> {
        Shape::AnyOfCaseless(&self.phrases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_the_path() {
        for (dictionary, value, reported) in [
            ("abcd bc", "xabcx", "abc"),
            ("ab abc", "xabcx", "ab"),
            ("aBcd ABCE bc", "xabcx", "aBc"),
            ("xbq aBcd ABCE C", "xabcx", "aBc"),
            ("abc ab bcq", "xabcx", "ab"),
            ("Foo", "FOO", "Foo"),
        ] {
            let phrases = dictionary.split(' ').map(|phrase| phrase.as_bytes().to_vec()).collect();
            let mut hit = Hit::default();
            assert_eq!(Phrases::new(phrases).unwrap().test(value.as_bytes(), b"", true, &mut hit), Ok(true));
            assert_eq!(hit.captures, [Capture::Text(reported.into())], "{dictionary} on {value}");
        }
    }
}
