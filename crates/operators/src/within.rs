//! `@within`: the value occurs in the argument.
//!
//! `@within GET,POST` matches `GET`, but also `ET,P`: there is no word logic, lists bring their own separators. The
//! empty value matches, with a message that leaves the argument out. It never captures; there is nothing a prefilter could look for in the value.
//! Reference Manual: `within`.

use crate::text::quoted;
use crate::{Example, Failure, Hit, Kind, Operator, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "within",
    aliases: &[],
    summary: "Matches values that occur in the argument.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "GET,POST", value: b"GET", matches: true },
        Example { argument: "GET,POST", value: b"PUT", matches: false },
        Example { argument: "GET", value: b"", matches: true },
    ],
    kind: Kind::Pure(|_, _| Ok(Box::new(Within))),
};

#[derive(Debug)]
struct Within;

/// Longer values are looked for by a search that is linear in their length, whose preparation costs more than looking for
/// a short one: nearly all are methods, versions, names of headers and content types.
const SHORT: usize = 64;

/// Whether a byte is one of which lists of methods, headers and types are full: not what to look for first.
const IS_COMMON: [bool; 256] = {
    let common = *b"etaoinsrlcETAOINSRLC-/ |.,";
    let mut table = [false; 256];
    let mut at = 0;
    while at < common.len() {
        table[common[at] as usize] = true;
        at += 1;
    }
    table
};

fn occurs(value: &[u8], argument: &[u8]) -> bool {
    if value.is_empty() || value.len() > SHORT {
        return memchr::memmem::find(argument, value).is_some();
    }
    let place = value.iter().position(|byte| !IS_COMMON[usize::from(*byte)]).unwrap_or(0);
    // Before this place the value does not fit, and behind the last one neither.
    let (from, to) = (place, (argument.len() + place + 1).saturating_sub(value.len()));
    let Some((searched, wanted)) = argument.get(from..to).zip(value.get(place)) else { return false };
    memchr::memchr_iter(*wanted, searched)
        .any(|at| argument.get(at..at + value.len()).is_some_and(|part| part == value))
}

impl Test for Within {
    fn test(&self, value: &[u8], argument: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        hit.number = i64::from(value.is_empty());
        Ok(occurs(value, argument))
    }

    fn message(&self, argument: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
        // ModSecurity answers for an empty value before it looks at the argument, and does not name it.
        let argument = if hit.number == 1 { b"" } else { argument };
        quoted("String match within", argument, name, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_values_are_found_alike() {
        let argument = b"|application/x-www-form-urlencoded| |multipart/form-data| |text/xml|";
        for length in 0..=argument.len() + 1 {
            for at in 0..argument.len() {
                let Some(value) = argument.get(at..at + length) else { continue };
                assert!(occurs(value, argument));
                let mut other = value.to_vec();
                if let Some(last) = other.last_mut() {
                    *last = b'!';
                    assert!(!occurs(&other, argument));
                }
            }
        }
        assert!(!occurs(b"ab", b"a") && occurs(b"", b""));
    }

    #[test]
    fn random_values_are_found_as_by_the_plain_search() {
        let mut state = 0x5eed_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % below
        };
        let mut text = |length: usize| -> Vec<u8> { (0..length).map(|_| b"ae/zX"[random(5)]).collect() };
        for round in 0..4000 {
            let argument = text(round % 90);
            let value = text(round / 90 % 5 + round % 2 * (round / 450) * 8);
            assert_eq!(occurs(&value, &argument), memchr::memmem::find(&argument, &value).is_some());
        }
    }
}
