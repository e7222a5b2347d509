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
/// a short one: nearly all are methods, versions and content types.
const SHORT: usize = 16;

/// Bytes of which lists of methods, headers and types are full: not what to look for first.
const COMMON: &[u8] = b"etaoinsrlc-/ |.,";

fn occurs(value: &[u8], argument: &[u8]) -> bool {
    if value.is_empty() || value.len() > SHORT {
        return memchr::memmem::find(argument, value).is_some();
    }
    let place = value.iter().position(|byte| !COMMON.contains(&byte.to_ascii_lowercase())).unwrap_or(0);
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
}
