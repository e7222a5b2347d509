//! XML documents against a DTD or an XML schema, by the system's libxml2.
//!
//! The DTD `<!ELEMENT a (b)><!ELEMENT b EMPTY>` allows `<a><b/></a>`; `<a/>` is answered with [`Outcome::Invalid`] and
//! libxml2's own words, `Element a content does not follow the DTD, expecting (b), got ()`, which is what logs of the
//! reference engine hold. The engine compiles a [`Grammar`] with its configuration and asks it about request bodies.
//!
//! libxml2 is a C library, so this crate is the one of ours that holds `unsafe`, and it does so only with the feature
//! `libxml2`: without it there is no grammar, and [`Grammar::compile`] says how to get one. What it can do to the process is
//! kept small:
//! - nothing is read from disk or the net: everything that libxml2 wants to load is looked up in the [`Files`] that the
//!   caller gave, by name; a name that is not there is noted ([`Failure::wanted`]), so that a caller who wants to can read it
//!   and try again;
//! - entities of a document are never loaded and not expanded into its tree; libxml2's own limits on depth, names and entity
//!   expansion stay on;
//! - a compiled grammar is used by one thread at a time (libxml2 completes the automata of a DTD while it validates): a
//!   [`Grammar`] keeps as many copies as were ever in use at once, at most 64 of them.
//!
//! Time is that of libxml2: linear for what DTDs and most schemas say, but an `xs:pattern` with nested repetitions is matched
//! with backtracking, which libxml2 ends after ten million steps. Messages are kept up to [`MESSAGES`].

#[cfg(not(feature = "libxml2"))]
mod absent;
#[cfg(feature = "libxml2")]
mod compiled;
#[cfg(feature = "libxml2")]
mod grammar;
#[cfg(feature = "libxml2")]
mod libxml2;
#[cfg(feature = "libxml2")]
mod session;
#[cfg(all(test, feature = "libxml2"))]
mod tests;

use std::collections::BTreeMap;

#[cfg(not(feature = "libxml2"))]
pub use absent::Grammar;
#[cfg(feature = "libxml2")]
pub use grammar::Grammar;

/// The most messages of one validation that are kept.
pub const MESSAGES: usize = 64;

/// Contents by the name under which libxml2 asks for them.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The language that a grammar is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A document type definition.
    Dtd,
    /// A W3C XML schema.
    Schema,
}

/// Something that libxml2 said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its words, without the line end.
    pub text: String,
    /// A warning and no error.
    pub is_warning: bool,
    /// About the text of a file, not about what a schema says or a document holds.
    pub is_syntax: bool,
}

/// Why there is no grammar.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What libxml2 said.
    pub messages: Vec<Message>,
    /// Names of files that it asked for and did not get.
    pub wanted: Vec<String>,
}

/// What a document is to a grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It follows the grammar; warnings may have been said.
    Valid(Vec<Message>),
    /// It does not, and why.
    Invalid(Vec<Message>),
    /// libxml2 cannot read it.
    NotWellFormed,
}

/// Whether this build has libxml2.
pub const AVAILABLE: bool = cfg!(feature = "libxml2");
