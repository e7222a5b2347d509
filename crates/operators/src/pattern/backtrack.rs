//! The backtracking engine: PCRE2 with its just-in-time compiler and a match limit.
//!
//! `(a+)+\1` runs here. The source is first rewritten to what this PCRE2 reads with ModSecurity's meaning (`rewrite`),
//! then given `(*LIMIT_MATCH=n)`. Running into a limit is a [`Failure`], which rules can see, never a silent miss.

use super::rewrite::rewrite;
use super::{Options, PatternError, fill};
use crate::{Capture, Failure};
use pcre2::bytes::{Regex, RegexBuilder};
use std::ops::Range;

/// Room for the compiled code's backtracking, in bytes; more is a failure.
const STACK: usize = 1024 * 1024;

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
            .jit_if_available(true)
            .max_jit_stack_size(Some(STACK))
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
