//! XSS detection: HTML tokenizer → names and URLs that run script → verdict.
//!
//! `x" onclick=alert(1)` read inside a double-quoted attribute → attribute value, attribute name `onclick`, value → attack.
//! [`xss`] runs all steps for each likely place of the input in a page; the tokenizer is public for tests and for explaining
//! a match.

mod attributes;
mod characters;
mod markup;
mod tags;
mod tokenizer;
mod urls;
mod verdict;

pub use tokenizer::{Context, Kind, Token, Tokens, tokens};
pub use verdict::{HARMLESS_BYTES, xss};
