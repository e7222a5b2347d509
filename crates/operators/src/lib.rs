//! SecLang operators: pure functions over bytes, one per file.
//!
//! An operator is compiled once from its argument and then tests values: `@contains foo` on `a food` is a match with the
//! message `String match "foo" at ARGS:a.`. It never sees a transaction: the engine expands macros and passes plain
//! bytes. Operators that need the outside world (`@rbl`, `@inspectFile`, …) only declare it ([`Kind::External`]); the
//! engine turns them into a `Need` for its driver.
//!
//! The list at the end of this file is the whole family: a new operator is one file and one word there. Names, docs,
//! tests and the compiler walk [`ALL`]. Regular expressions live in [`pattern`], which
//! the engine also uses for `ARGS:/rx/` selectors. Semantics and message texts are ModSecurity 2.9.7's (Reference Manual, "Operators").

pub mod pattern;

pub use rest_path::PathTemplate;
pub use rsub::{Substitution, escape_pattern, replace_all};

use std::fmt;

/// Where compiling operators get files and limits from.
pub struct Environment<'a> {
    /// Reads a file that an argument names, relative to the directory of the rule's configuration file.
    pub read_file: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
    /// `SecPcreMatchLimit`: match limit of the backtracking engine.
    pub match_limit: u32,
    /// The argument holds `%{…}` that the engine expands before each test.
    pub has_macros: bool,
}

/// Why an argument does not compile. `offset` is the byte in the argument that the message is about, when one is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ArgumentError {
    /// What is wrong, one sentence.
    pub message: String,
    /// Byte offset in the argument.
    pub offset: Option<usize>,
    /// What to do, when it can be said.
    pub help: Option<String>,
}

/// Why a test could not be made: neither match nor non-match (the rule fails).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The backtracking engine ran into `SecPcreMatchLimit`; the number is PCRE2's error code.
    MatchLimit(i32),
    /// Anything else; the text is what ModSecurity logs (`IPmatch: bad IPv4 specification "x".`), bytes of the value as
    /// they are.
    Other(Vec<u8>),
    /// Something of which ModSecurity logs nothing but that the rule failed.
    Unexplained,
}

/// A captured group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capture {
    /// Byte range of the tested value.
    Range(u32, u32),
    /// Text that is not part of the value (a fingerprint, a dictionary phrase).
    Text(Vec<u8>),
    /// A group that took no part in the match: an empty value.
    Empty,
}

/// What becomes of the variables among TX.0 to TX.9 that a match does not capture.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Uncaptured {
    /// They are unset when the rule captures.
    #[default]
    Unset,
    /// They keep what they hold, also those of groups that took no part.
    Kept,
    /// They are unset even when the rule does not capture.
    AlwaysUnset,
}

/// What a test found; reused by the caller, cleared by the callee.
#[derive(Debug, Default)]
pub struct Hit {
    /// TX.0, TX.1, … in order; filled only when captures are wanted and the operator captures at all.
    pub captures: Vec<Capture>,
    /// What a match does to the other TX variables.
    pub uncaptured: Uncaptured,
    /// A number the log message mentions (count, offset, the left side of a comparison).
    pub number: i64,
    /// Text the log message mentions (a phrase, a fingerprint, a reason).
    pub text: Vec<u8>,
}

impl Hit {
    /// Forgets the previous test.
    pub fn clear(&mut self) {
        self.captures.clear();
        self.uncaptured = Uncaptured::default();
        self.number = 0;
        self.text.clear();
    }
}

/// A compiled operator.
pub trait Test: fmt::Debug + Send + Sync {
    /// Tests a value. `argument` is the rule's argument, macros expanded. With `captures`, `hit.captures` is filled on a match.
    fn test(&self, value: &[u8], argument: &[u8], captures: bool, hit: &mut Hit) -> Result<bool, Failure>;

    /// Appends ModSecurity v2's message for the match that `hit` came from; `name` is the full variable name (`ARGS:a`).
    fn message(&self, argument: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>);

    /// What a prefilter may know about the matching values. Not cheap: it is asked once, when a rule set is compiled.
    fn shape(&self) -> Shape<'_> {
        Shape::Opaque
    }

    /// Why its expression runs on the backtracking engine; `None` when none does.
    fn backtracks(&self) -> Option<&'static str> {
        None
    }
}

/// What must be true of a matching value, for prefilters; never an approximation in the other direction.
#[derive(Debug)]
pub enum Shape<'a> {
    /// Nothing is known: the operator must run.
    Opaque,
    /// A regular expression of the linear engine, translated for the asker; the expression is over bytes.
    Regex(regex_syntax::hir::Hir),
    /// Any of these byte strings occurs, compared without ASCII case.
    AnyOfCaseless(&'a [Vec<u8>]),
    /// These exact bytes occur (the argument of `@contains`, `@streq`, `@beginsWith`, …), and where.
    Literal {
        /// What occurs.
        text: &'a [u8],
        /// It is the beginning of the value.
        at_start: bool,
        /// It is the end of the value.
        at_end: bool,
    },
    /// A byte outside this set occurs (`@validateByteRange`).
    ByteOutside(&'a [u64; 4]),
    /// This byte occurs.
    Byte(u8),
}

/// What an operator does beyond bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum External {
    /// `@rbl`: a DNS look-up.
    Rbl,
    /// `@geoLookup`: a look-up in the database of `SecGeoLookupDb`, which the engine has; names are resolved.
    GeoLookup,
    /// `@gsbLookup`.
    GsbLookup,
    /// `@inspectFile`: runs a program or script.
    InspectFile,
    /// `@validateDTD`.
    ValidateDtd,
    /// `@validateSchema`.
    ValidateSchema,
    /// `@validateHash`.
    ValidateHash,
    /// `@rsub`: rewrites a stream variable.
    Rsub,
    /// `@restpath`: sets ARGS_PATH.
    RestPath,
}

/// Compiles an argument.
pub type Compile = fn(argument: &[u8], environment: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError>;

/// How an operator works.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Compiled from its argument, pure.
    Pure(Compile),
    /// The same, and what it reads is a dataset of the configuration by its name, and no file.
    Dataset(Compile),
    /// Done by the engine with its driver's help.
    External(External),
}

/// An example that runs as a test.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The operator's argument.
    pub argument: &'static str,
    /// The value.
    pub value: &'static [u8],
    /// Whether it matches.
    pub matches: bool,
}

/// One operator: everything the compiler, the documentation and the tests need to know.
pub struct Operator {
    /// Canonical name without `@`.
    pub name: &'static str,
    /// Other accepted spellings (case never matters).
    pub aliases: &'static [&'static str],
    /// One sentence for the reference documentation.
    pub summary: &'static str,
    /// Whether `%{…}` in the argument is expanded at run time (column M of the manual's table).
    pub expands_macros: bool,
    /// Whether a missing argument is an error.
    pub needs_argument: bool,
    /// Examples; each runs as a test.
    pub examples: &'static [Example],
    /// How it works.
    pub kind: Kind,
}

/// Declares the modules and builds the list, so that a file and a word here are all an operator takes.
macro_rules! modules {
    (shared: $($shared:ident)*; operators: $($operator:ident)*;) => {
        $(mod $shared;)*
        $(mod $operator;)*

        /// Every operator, in the order of the list in this file.
        pub static ALL: &[&Operator] = &[$(&$operator::OPERATOR),*];

        #[cfg(test)]
        const FILES: &[&str] = &[$(stringify!($shared),)* $(stringify!($operator),)*];
    };
}

modules! {
    shared: addresses content escape fuzzy_digest number phrases text verify;
    operators:
        begins_with contains contains_word ends_with streq strmatch within
        eq ge gt le lt
        ip_match ip_match_from_dataset ip_match_from_file
        pm pm_from_dataset pm_from_file rx rx_global
        detect_sqli detect_xss fuzzy_hash
        verify_cc verify_cpf verify_ssn verify_svnr
        no_match unconditional_match
        validate_byte_range validate_nid validate_url_encoding validate_utf8_encoding
        geo_lookup gsb_lookup inspect_file rbl rest_path rsub validate_dtd validate_hash validate_schema;
}

/// Finds an operator by its name or an alias, without regard to ASCII case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Operator> {
    let is = |other: &str| other.eq_ignore_ascii_case(name);
    ALL.iter().copied().find(|operator| is(operator.name) || operator.aliases.iter().any(|alias| is(alias)))
}

#[cfg(test)]
mod tests;
