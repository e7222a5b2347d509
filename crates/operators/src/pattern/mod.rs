//! Regular expressions with PCRE2's meaning, in linear time wherever that is possible.
//!
//! `^a(b|c)+$` on `abc` matches with group 1 = `c`. A source is parsed as PCRE2 would ([`parse`]), translated into a
//! byte-oriented [`Hir`] ([`lower`]) and run by the `regex` family's engines ([`linear`]); what they cannot do, or would
//! do differently, runs on PCRE2 itself with a match limit ([`backtrack`]). `@rx`, the `verify…` operators and the
//! engine's `ARGS:/rx/` selectors use it.
//!
//! The flags are ModSecurity's: `.` matches every byte, `$` the very end only, bytes instead of characters, ASCII
//! classes, leftmost-first matching. The bet: translated expressions find the same spans as PCRE2, which the property
//! tests in `tests/pattern.rs` check against PCRE2 itself. They differ for one shape only, repeats that can go round
//! without consuming: their groups, and where an empty round is preferred the end of the match, are asked of PCRE2 once
//! the linear engine has found that there is one. Where PCRE2 itself misses a match (see the tests) there is one here.
//! Lookbehind of variable length compiles, as in PCRE2 10.43, which ModSecurity 2.9.7 on Debian 12 refuses.
//! Reference Manual: `rx`.

mod ast;
mod backtrack;
mod bytes;
mod class;
mod escape;
mod linear;
mod lower;
mod nonempty;
mod parse;
mod rewrite;

use crate::{Capture, Failure};
use backtrack::Backtrack;
use linear::Linear;
use lower::Differs;
pub(crate) use nonempty::NonEmpty;
use regex_syntax::hir::Hir;
use std::ops::Range;
use std::sync::OnceLock;

/// How an expression is read and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Letters match without ASCII case, as after `(?i)`.
    pub caseless: bool,
    /// `^` and `$` match at line ends, as after `(?m)`.
    pub multiline: bool,
    /// How often the backtracking engine may try before it gives up (`SecPcreMatchLimit`).
    pub match_limit: u32,
}

impl Default for Options {
    /// `@rx` with the reference's own match limit.
    fn default() -> Self {
        Self { caseless: false, multiline: false, match_limit: 1500 }
    }
}

/// An expression that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// PCRE2's words.
    pub message: String,
    /// Byte offset in the source.
    pub offset: usize,
}

/// What runs an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// Time linear in the value, no limits.
    Linear,
    /// PCRE2 with a match limit; the text says why.
    Backtracking(&'static str),
}

/// A compiled expression.
#[derive(Debug)]
pub struct Pattern {
    plan: Plan,
}

#[derive(Debug)]
enum Plan {
    Linear {
        linear: Linear,
        /// PCRE2 for what could differ; built when first wanted.
        exact: Option<LazyBacktrack>,
    },
    Backtracking(Backtrack, &'static str),
}

/// An expression that PCRE2 compiles when it is first asked.
#[derive(Debug)]
struct LazyBacktrack {
    source: Box<[u8]>,
    options: Options,
    /// Whether the end of a match could differ, not only its captures.
    span: bool,
    compiled: OnceLock<Option<Backtrack>>,
}

impl LazyBacktrack {
    /// `None` when PCRE2 refuses the source.
    fn get(&self) -> Option<&Backtrack> {
        self.compiled.get_or_init(|| Backtrack::new(&self.source, self.options).ok()).as_ref()
    }
}

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// When PCRE2 refuses the source.
    pub fn new(source: &[u8], options: Options) -> Result<Self, PatternError> {
        let plan = match parse::parse(source, options).and_then(|parsed| lower::lower(&parsed)) {
            Ok(lowered) => Plan::Linear {
                linear: Linear::new(source, options, &lowered.hir, lowered.states),
                exact: (lowered.differs != Differs::Nothing).then(|| LazyBacktrack {
                    source: source.into(),
                    options,
                    span: lowered.differs == Differs::Span,
                    compiled: OnceLock::new(),
                }),
            },
            Err(reason) => Plan::Backtracking(Backtrack::new(source, options)?, reason),
        };
        Ok(Self { plan })
    }

    /// Whether the value has a match.
    ///
    /// # Errors
    /// When the backtracking engine gives up.
    pub fn is_match(&self, value: &[u8]) -> Result<bool, Failure> {
        match &self.plan {
            Plan::Linear { linear, .. } => Ok(linear.is_match(value)),
            Plan::Backtracking(backtrack, _) => backtrack.is_match(value),
        }
    }

    /// The first match that begins at `start` or later; bytes before `start` still count for `^` and `\b`.
    ///
    /// # Errors
    /// When the backtracking engine gives up.
    pub fn find_at(&self, value: &[u8], start: usize) -> Result<Option<Range<usize>>, Failure> {
        if start > value.len() {
            return Ok(None);
        }
        match &self.plan {
            Plan::Linear { linear, exact } => {
                let found = linear.find_at(value, start);
                let exact = exact.as_ref().filter(|exact| exact.span && found.is_some());
                match exact.and_then(LazyBacktrack::get).map(|exact| exact.find_at(value, start)) {
                    Some(Ok(Some(span))) => Ok(Some(span)),
                    _ => Ok(found),
                }
            }
            Plan::Backtracking(backtrack, _) => backtrack.find_at(value, start),
        }
    }

    /// Fills `captures` with the whole match and its groups, up to the highest that took part; empty without a match.
    ///
    /// # Errors
    /// When the backtracking engine gives up.
    pub fn captures(&self, value: &[u8], start: usize, captures: &mut Vec<Capture>) -> Result<bool, Failure> {
        captures.clear();
        if start > value.len() {
            return Ok(false);
        }
        match &self.plan {
            Plan::Linear { linear, exact: None } => Ok(linear.captures(value, start, captures)),
            Plan::Linear { linear, exact: Some(exact) } => {
                // Is-match first: PCRE2 only sees values that match, and its giving up costs captures, not the match.
                if linear.find_at(value, start).is_none() {
                    return Ok(false);
                }
                match exact.get().map(|exact| exact.captures(value, start, captures)) {
                    Some(Ok(true)) => Ok(true),
                    _ => Ok(linear.captures(value, start, captures)),
                }
            }
            Plan::Backtracking(backtrack, _) => backtrack.captures(value, start, captures),
        }
    }

    /// What runs the expression.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match &self.plan {
            Plan::Linear { .. } => Engine::Linear,
            Plan::Backtracking(_, reason) => Engine::Backtracking(reason),
        }
    }

    /// Why the backtracking engine runs it; `None` when it does not.
    #[must_use]
    pub fn backtracks(&self) -> Option<&'static str> {
        match &self.plan {
            Plan::Linear { .. } => None,
            Plan::Backtracking(_, reason) => Some(reason),
        }
    }

    /// The translated expression, made anew, when the linear engine runs it.
    #[must_use]
    pub fn hir(&self) -> Option<Hir> {
        match &self.plan {
            Plan::Linear { linear, .. } => Some(linear.hir()),
            Plan::Backtracking(..) => None,
        }
    }
}

/// Turns slots into captures: everything up to the highest group that took part.
fn fill(groups: impl ExactSizeIterator<Item = Option<(usize, usize)>>, captures: &mut Vec<Capture>) {
    let mut used = 0;
    for (index, group) in groups.enumerate() {
        // Values are shorter than 4 GiB: body limits are far below.
        captures.push(match group {
            Some((start, end)) => Capture::Range(start.min(end) as u32, end as u32),
            None => Capture::Empty,
        });
        if group.is_some() {
            used = index + 1;
        }
    }
    captures.truncate(used);
}
