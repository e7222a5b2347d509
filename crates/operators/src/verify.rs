//! The `verify…` operators: numbers that an expression finds and their check digits confirm.
//!
//! `@verifyCC \d{13,16}` on `no. 4111111111111111` is a match at offset 4. The expression finds candidates: each begins later
//! than the one before, none is empty, `^` and `$` match at line ends too; the first valid one is the match. TX.0 to TX.n are
//! all the whole match, n being the highest group that took part; the others are unset, even when the rule does not capture.
//! With more than [`GROUPS`] of them a candidate is not looked at, as in ModSecurity.
//! An expression without an upper length can make candidates overlap again and again, so the bytes checked for a value are
//! limited; past that the rule fails, as it does when the backtracking engine gives up.

use crate::pattern::{NonEmpty, Options};
use crate::{ArgumentError, Capture, Environment, Failure, Hit, Shape, Test, Uncaptured, rx};

/// How many groups, the whole match among them, ModSecurity has room for.
const GROUPS: usize = 15;

/// How many bytes of candidates are checked in a value. Numbers are short: this is a million of them.
const LIMIT: usize = 16 << 20;

/// Compiles an operator whose messages begin with `noun` and whose candidates `is_valid` checks.
pub(crate) fn compile(
    argument: &[u8],
    environment: &Environment<'_>,
    noun: &'static str,
    is_valid: fn(&[u8]) -> bool,
) -> Result<Box<dyn Test>, ArgumentError> {
    let options = Options { multiline: true, match_limit: environment.match_limit, ..Options::default() };
    let pattern = NonEmpty::new(argument, options).map_err(rx::argument_error)?;
    Ok(Box::new(Verify { pattern, noun, is_valid }))
}

/// The digits of a candidate as numbers.
pub(crate) fn digits(candidate: &[u8]) -> impl Iterator<Item = u32> + '_ {
    candidate.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0'))
}

/// The first `N` digits of a candidate; none if there are fewer. They end at a NUL, where ModSecurity stops reading.
pub(crate) fn first_digits<const N: usize>(candidate: &[u8]) -> Option<[u32; N]> {
    let end = memchr::memchr(0, candidate).unwrap_or(candidate.len());
    let mut numbers = digits(&candidate[..end]);
    let mut first = [0; N];
    for digit in &mut first {
        *digit = numbers.next()?;
    }
    Some(first)
}

#[derive(Debug)]
struct Verify {
    pattern: NonEmpty,
    noun: &'static str,
    is_valid: fn(&[u8]) -> bool,
}

impl Verify {
    /// Whether a match is found, with its place in `hit`.
    fn search(&self, value: &[u8], hit: &mut Hit) -> Result<bool, Failure> {
        let mut start = 0;
        let mut checked = 0;
        while let Some(found) = self.pattern.find_at(value, start)? {
            checked += found.len();
            if checked > LIMIT {
                return Err(Failure::Unexplained);
            }
            start = found.start + 1;
            if !(self.is_valid)(&value[found.clone()]) {
                continue;
            }
            self.pattern.captures(value, &found, &mut hit.captures)?;
            if hit.captures.len() <= GROUPS {
                // Values are shorter than 4 GiB: body limits are far below.
                hit.captures.fill(Capture::Range(found.start as u32, found.end as u32));
                hit.number = found.start as i64;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Test for Verify {
    fn test(&self, value: &[u8], _: &[u8], captures: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        // ModSecurity keeps to itself that the expression engine gave up.
        let found = self.search(value, hit).map_err(|_| Failure::Unexplained)?;
        if found {
            hit.uncaptured = Uncaptured::AlwaysUnset;
        }
        if !found || !captures {
            hit.captures.clear();
        }
        Ok(found)
    }

    fn message(&self, argument: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
        out.extend(self.noun.as_bytes());
        out.extend(b"# match \"");
        out.extend(argument);
        out.extend(b"\" at ");
        out.extend(name);
        out.extend(format!(". [offset \"{}\"]", hit.number).as_bytes());
    }

    fn shape(&self) -> Shape<'_> {
        self.pattern.hir().map_or(Shape::Opaque, Shape::Regex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(argument: &str, value: &[u8]) -> Result<Option<(i64, usize)>, Failure> {
        let environment =
            Environment { read_file: &|_| Err(String::new()), match_limit: 1500, has_macros: false };
        let test = compile(argument.as_bytes(), &environment, "X", |found| digits(found).sum::<u32>() == 9)
            .unwrap_or_else(|error| panic!("{argument}: {error}"));
        let mut hit = Hit::default();
        let found = test.test(value, argument.as_bytes(), true, &mut hit)?;
        Ok(found.then_some((hit.number, hit.captures.len())))
    }

    #[test]
    fn finds_the_first_valid_candidate() {
        for (argument, value, expected) in [
            (r"\d+", "a18", Some((1, 1))),
            (r"\d+", "4418", Some((2, 1))),
            (r"\d+", "44 1-8 27", Some((7, 1))),
            (r"^\d+$", "a\n27\nb", Some((2, 1))),
            (r"x*|\d+", "27", Some((0, 1))),
            (r"", "27", None),
            (r"\d+", "", None),
        ] {
            assert_eq!(run(argument, value.as_bytes()), Ok(expected), "{argument} on {value}");
        }
    }

    #[test]
    fn counts_groups_that_took_part() {
        assert_eq!(run(r"(\d)(x)?(\d)", b"27"), Ok(Some((0, 4))));
        assert_eq!(run(r"(\d)(\d)(x)?", b"27"), Ok(Some((0, 3))));
        assert_eq!(run(&format!("{}27", "()".repeat(14)), b"27"), Ok(Some((0, 15))));
        assert_eq!(run(&format!("{}27", "()".repeat(15)), b"27"), Ok(None));
    }

    #[test]
    fn gives_up_in_bounded_time() {
        assert_eq!(run(r"[^y]+", &b"x".repeat(100_000)), Err(Failure::Unexplained));
        assert_eq!(run(r"\d{4}", &b"1".repeat(100_000)), Ok(None));
        let backtracks = [&b"a".repeat(40)[..], b"!"].concat();
        assert_eq!(run(r"(?=a)(a+)+$", &backtracks), Err(Failure::Unexplained));
    }
}
