//! SecLang transformations: pure functions over bytes, one per file.
//!
//! A transformation reads a value and writes another into a buffer of the caller's. It knows no rule and no
//! transaction. The [`ALL`] list is the only registration; names are resolved at compile time with [`find`].

mod byte_set;
mod unicode_map;

pub use byte_set::ByteSet;
pub use unicode_map::{UnicodeMap, UnicodeMapError};

/// What [`Transformation::apply`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The result equals the input; nothing was written; ModSecurity reports "unchanged".
    Unchanged,
    /// The result is in the buffer; ModSecurity reports "changed" (`multiMatch` tests it).
    Changed,
    /// The result is in the buffer, but ModSecurity reports "unchanged" (`multiMatch` does not test it at this step).
    Quiet,
}

/// Run-time tables that some transformations consult.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tables<'a> {
    /// The map of `SecUnicodeMapFile`, when one is loaded.
    pub unicode: Option<&'a UnicodeMap>,
}

/// An example that runs as a test: `apply(input) == output`.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The value.
    pub input: &'static [u8],
    /// What the transformation makes of it.
    pub output: &'static [u8],
}

/// One transformation: everything the compiler, the documentation and the tests need to know.
#[derive(Debug)]
pub struct Transformation {
    /// Canonical name, as the reference manual spells it.
    pub name: &'static str,
    /// Other accepted spellings (case never matters).
    pub aliases: &'static [&'static str],
    /// One sentence for the reference documentation.
    pub summary: &'static str,
    /// Examples; each runs as a test.
    pub examples: &'static [Example],
    /// The function. The buffer is cleared by the callee before it writes.
    pub apply: fn(&[u8], &Tables<'_>, &mut Vec<u8>) -> Outcome,
    /// Whether a value made of these bytes only is certain to come out [`Outcome::Unchanged`] (`false` when in doubt).
    pub identity: fn(&ByteSet) -> bool,
}
