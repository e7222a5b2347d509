//! SQL injection detection: tokenizer → folding → fingerprint → verdict.
//!
//! `1' or '1'='1` → tokens `s & s o s` → fingerprint `s&sos` → attack. [`sqli`] runs all steps for each likely place of the input
//! in a statement; the single steps are public for tests and for explaining a match.

mod bytes;
mod comments;
mod fingerprint;
mod fold;
mod keywords;
mod numbers;
mod operators;
mod pairs;
mod strings;
mod token;
mod tokenizer;
mod triples;
mod verdict;
mod words;

pub use bytes::HARMLESS_BYTES;
pub use fingerprint::{Fingerprint, fingerprint};
pub use fold::{Folded, fold};
pub use token::{Kind, MAX_TEXT, Token};
pub use tokenizer::{Context, Dialect, Quote, Tokens, tokens};
pub use verdict::sqli;
