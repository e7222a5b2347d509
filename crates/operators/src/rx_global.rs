//! `@rxGlobal`: every match of a regular expression counts.
//!
//! `@rxGlobal a(.)` on `xabac` matches twice and captures `ab`, `b`, `ac`, `c` as TX.0 to TX.3: groups are numbered on from
//! match to match. `^` and `$` match at line ends too. Groups that took no part and TX variables with higher numbers keep what
//! they hold. ModSecurity 3 has this operator, 2 has not; the message is that of `@rx`. Reference Manual (v3): `rxGlobal`.
//! Only the first [`MOST`] captures are kept, more than rules can name.

use crate::pattern::{NonEmpty, Options};
use crate::{ArgumentError, Environment, Example, Failure, Hit, Kind, Operator, Shape, Test, Uncaptured, rx};

pub(crate) static OPERATOR: Operator = Operator {
    name: "rxGlobal",
    aliases: &[],
    summary: "Matches values in which a regular expression finds something, and captures all matches.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "a(.)", value: b"xabac", matches: true },
        Example { argument: "^a$", value: b"b\na", matches: true },
        Example { argument: "", value: b"", matches: true },
        Example { argument: "q", value: b"xabac", matches: false },
    ],
    kind: Kind::Pure(compile),
};

/// How many captures are kept.
const MOST: usize = 100;

fn compile(argument: &[u8], environment: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let options = Options { multiline: true, match_limit: environment.match_limit, ..Options::default() };
    let pattern = NonEmpty::new(argument, options).map_err(rx::argument_error)?;
    Ok(Box::new(RxGlobal { pattern }))
}

#[derive(Debug)]
struct RxGlobal {
    pattern: NonEmpty,
}

impl RxGlobal {
    /// Like `pcre2test`'s `/g`: where an empty match was found, one that is not empty may begin, else the search goes on one
    /// byte further.
    fn capture_all(&self, value: &[u8], hit: &mut Hit) -> Result<(), Failure> {
        let mut groups = Vec::new();
        let mut next = self.pattern.find_any_at(value, 0)?;
        while let Some(found) = next {
            self.pattern.captures(value, &found, &mut groups)?;
            hit.captures.append(&mut groups);
            if hit.captures.len() >= MOST {
                hit.captures.truncate(MOST);
                return Ok(());
            }
            next = match found.is_empty() {
                false => self.pattern.find_any_at(value, found.end)?,
                true => match self.pattern.find_here(value, found.end)? {
                    Some(found) => Some(found),
                    None => self.pattern.find_any_at(value, found.end + 1)?,
                },
            };
        }
        Ok(())
    }
}

impl Test for RxGlobal {
    fn test(&self, value: &[u8], _: &[u8], captures: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        hit.uncaptured = Uncaptured::Kept;
        if captures {
            self.capture_all(value, hit)?;
            return Ok(!hit.captures.is_empty());
        }
        Ok(self.pattern.find_any_at(value, 0)?.is_some())
    }

    fn message(&self, argument: &[u8], _: &Hit, name: &[u8], out: &mut Vec<u8>) {
        rx::message(argument, name, out);
    }

    fn shape(&self) -> Shape<'_> {
        self.pattern.hir().map_or(Shape::Opaque, Shape::Regex)
    }

    fn backtracks(&self) -> Option<&'static str> {
        self.pattern.backtracks()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Capture;

    #[test]
    fn numbers_groups_from_match_to_match() {
        let environment =
            Environment { read_file: &|_| Err(String::new()), match_limit: 1500, has_macros: false };
        for (argument, value, expected) in [
            ("a(.)", "xabac", &[Some("ab"), Some("b"), Some("ac"), Some("c")][..]),
            ("a(x)?(.)", "abac", &[Some("ab"), None, Some("b"), Some("ac"), None, Some("c")]),
            (
                "(a)(b)?",
                "abaab",
                &[Some("ab"), Some("a"), Some("b"), Some("a"), Some("a"), Some("ab"), Some("a"), Some("b")],
            ),
            ("x*", "aba", &[Some(""); 4]),
            ("|a", "ab", &[Some(""), Some("a"), Some(""), Some("")]),
            ("a|$", "aba", &[Some("a"), Some("a"), Some("")]),
            ("^a", "a\na", &[Some("a"), Some("a")]),
            ("q", "aba", &[]),
        ] {
            let test = compile(argument.as_bytes(), &environment).unwrap();
            let mut hit = Hit::default();
            assert_eq!(test.test(value.as_bytes(), b"", true, &mut hit), Ok(!expected.is_empty()));
            let found: Vec<_> = hit
                .captures
                .iter()
                .map(|capture| match capture {
                    Capture::Range(start, end) => Some(&value[*start as usize..*end as usize]),
                    _ => None,
                })
                .collect();
            assert_eq!(found, expected, "{argument} on {value}");
        }
    }
}
