//! The backtracking engine: PCRE2's interpreter with a match limit.
//!
//! `(a+)+\1` runs here. The source is first rewritten to what this PCRE2 reads with ModSecurity's meaning (`rewrite`),
//! then given `(*LIMIT_MATCH=n)`. Running into a limit is a [`Failure`], which rules can see, never a silent miss.
//!
//! The just-in-time compiler stays off on purpose. In 10.45 and 10.46 its prefix scan overlooks matches: `-c?b[^xy]{0,2}`
//! finds nothing in `-b/-`, where the interpreter and 10.42 find it (PCRE2 issue 874 is of this kind). On short values
//! it is only about twice as fast, and a firewall that looks away is no bargain.

use super::rewrite::rewrite;
use super::{Options, PatternError, fill};
use crate::{Capture, Failure};
use pcre2::bytes::{Regex, RegexBuilder};
use std::ops::Range;

/// An expression for PCRE2.
#[derive(Debug)]
pub(super) struct Backtrack {
    regex: Regex,
}

impl Backtrack {
    pub(super) fn new(source: &[u8], options: Options) -> Result<Self, PatternError> {
        let prefix = format!("(*LIMIT_MATCH={})", options.match_limit);
        let rewritten = rewrite(source, options);
        let regex = RegexBuilder::new()
            .dotall(true)
            .caseless(options.caseless)
            .multi_line(options.multiline)
            .build(&format!("{prefix}{}", rewritten.text))
            .map_err(|error| {
                let offset = error.offset().unwrap_or(0).saturating_sub(prefix.len());
                PatternError {
                    message: message(&error),
                    offset: rewritten.source_offset(offset, source.len()),
                }
            })?;
        Ok(Self { regex })
    }

    pub(super) fn is_match(&self, value: &[u8]) -> Result<bool, Failure> {
        self.regex.is_match(value).map_err(|error| failure(&error))
    }

    pub(super) fn find_at(&self, value: &[u8], start: usize) -> Result<Option<Range<usize>>, Failure> {
        let found = self.regex.find_at(value, start).map_err(|error| failure(&error))?;
        Ok(found.map(|found| found.start().min(found.end())..found.end()))
    }

    pub(super) fn captures(
        &self,
        value: &[u8],
        start: usize,
        captures: &mut Vec<Capture>,
    ) -> Result<bool, Failure> {
        let mut slots = self.regex.capture_locations();
        let found = self.regex.captures_read_at(&mut slots, value, start).map_err(|error| failure(&error))?;
        if found.is_none() {
            return Ok(false);
        }
        fill((0..slots.len()).map(|index| slots.get(index)), captures);
        Ok(true)
    }
}

/// The words of PCRE2 alone; the crate puts its own in front.
fn message(error: &pcre2::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(": ").map_or(text.as_str(), |(_, words)| words).to_owned()
}

fn failure(error: &pcre2::Error) -> Failure {
    Failure::MatchLimit(error.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_the_compiled_code_overlooks() {
        let pattern = Backtrack::new(b"-c?b[^xy]{0,2}", Options::default()).unwrap();
        assert_eq!(pattern.is_match(b"-b/-"), Ok(true));
    }

    #[test]
    fn reports_the_limit() {
        let pattern =
            Backtrack::new(b"(?=a)(a+)+$", Options { match_limit: 1500, ..Options::default() }).unwrap();
        assert_eq!(
            pattern.is_match(&[b"a".repeat(40), b"!".to_vec()].concat()),
            Err(Failure::MatchLimit(-47))
        );
    }

    #[test]
    fn reports_the_offset_in_the_source() {
        let error = Backtrack::new(b"$\xe9(a", Options::default()).unwrap_err();
        assert_eq!((error.offset, error.message.as_str()), (4, "missing closing parenthesis"));
    }
}
