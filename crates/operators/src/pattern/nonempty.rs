//! Matches that are not empty, as PCRE2 finds them with `PCRE2_NOTEMPTY`.
//!
//! `x*|\d+` on `42` finds `42`, although its first alternative matches nothing at the same place. Only expressions that can
//! match nothing need this: where such a match comes up, a second expression asks PCRE2 for one that does not end where it
//! began. The `verify…` operators and `@rxGlobal` search this way.

use super::{Options, Pattern, PatternError};
use crate::{Capture, Failure};
use regex_syntax::hir::Hir;
use std::ops::Range;

/// An expression, for matches that are not empty.
#[derive(Debug)]
pub(crate) struct NonEmpty {
    plain: Pattern,
    /// The same, for a match that begins exactly where the search does; none when no match is ever empty.
    here: Option<Pattern>,
}

impl NonEmpty {
    /// Compiles an expression.
    pub(crate) fn new(source: &[u8], options: Options) -> Result<Self, PatternError> {
        let plain = Pattern::new(source, options)?;
        let never_empty = plain.hir().is_some_and(|hir| hir.properties().minimum_len() != Some(0));
        let here = if never_empty { None } else { Some(begins_here(source, options)?) };
        Ok(Self { plain, here })
    }

    /// Why the backtracking engine runs it; `None` when it does not.
    pub(crate) fn backtracks(&self) -> Option<&'static str> {
        self.plain.backtracks()
    }

    /// The first match at `start` or later, empty or not.
    pub(crate) fn find_any_at(&self, value: &[u8], start: usize) -> Result<Option<Range<usize>>, Failure> {
        self.plain.find_at(value, start)
    }

    /// The match that begins at `start` and is not empty.
    pub(crate) fn find_here(&self, value: &[u8], start: usize) -> Result<Option<Range<usize>>, Failure> {
        let pattern = self.here.as_ref().unwrap_or(&self.plain);
        Ok(pattern.find_at(value, start)?.filter(|found| found.start == start && !found.is_empty()))
    }

    /// The first match at `start` or later that is not empty.
    pub(crate) fn find_at(&self, value: &[u8], start: usize) -> Result<Option<Range<usize>>, Failure> {
        let mut from = start;
        while let Some(found) = self.plain.find_at(value, from)? {
            if !found.is_empty() {
                return Ok(Some(found));
            }
            // Nothing matches before this place, so what is not empty begins here or later.
            if let Some(found) = self.find_here(value, found.start)? {
                return Ok(Some(found));
            }
            from = found.start + 1;
        }
        Ok(None)
    }

    /// Fills `captures` with the groups of a match that was found.
    pub(crate) fn captures(
        &self,
        value: &[u8],
        found: &Range<usize>,
        captures: &mut Vec<Capture>,
    ) -> Result<(), Failure> {
        let first = if found.is_empty() { None } else { self.here.as_ref() };
        first.unwrap_or(&self.plain).captures(value, found.start, captures)?;
        Ok(())
    }

    /// The expression for prefilters: a value without a match of it has none that is not empty.
    pub(crate) fn hir(&self) -> Option<Hir> {
        self.plain.hir()
    }
}

/// `\E` ends a `\Q` that the source may have left open, and means nothing otherwise.
fn begins_here(source: &[u8], options: Options) -> Result<Pattern, PatternError> {
    let wrapped = [br"\G(?:", source, br"\E)(?!\G)"].concat();
    let pattern = Pattern::new(&wrapped, options);
    pattern.map_err(|_| PatternError {
        message: "an expression that can match nothing and that cannot be part of a longer one".into(),
        offset: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_over_empty_matches() {
        for (source, value, expected) in [
            (r"x*|\d+", "42", Some(0..2)),
            (r"x*?|\d+", "a42", Some(1..3)),
            (r"(?:x|)\d*", "a42", Some(1..3)),
            (r"\bx*|a4", "a42", Some(0..2)),
            (r"\Qa*", "ba*", Some(1..3)),
            (r"x*\Qy", "ay", Some(1..2)),
            (r"x*", "aaa", None),
            (r"", "aaa", None),
            (r"(?=(a))|b", "ab", Some(1..2)),
            (r"(?i)A*", "aa", Some(0..2)),
        ] {
            let pattern = NonEmpty::new(source.as_bytes(), Options::default()).unwrap();
            assert_eq!(pattern.find_at(value.as_bytes(), 0), Ok(expected), "{source} on {value}");
        }
        assert!(NonEmpty::new(b"(?x)a* # note", Options::default()).is_err());
    }
}
