//! The screen: which operators could match a value, asked once per value instead of once per rule.
//!
//! Reference engines run every rule's expression on every value, thousands of searches for a small request, nearly all of
//! them in vain. The screen turns the loop round. At compile time it derives from each operator a [`condition`] that every
//! matching value meets; at run time one pass over a value finds the operators whose condition it meets, and only those
//! are run. *A match implies the condition*, so leaving the others out changes nothing; that a candidate matches is
//! decided by the operator itself.
//!
//! # From expression to condition
//!
//! ```text
//! Hir ─ graph ─▶ places of a match ─ cut ─▶ places every match passes ─ window ─▶ what must stand around them
//! ```
//!
//! Take `(?i)\b(?:get|p(?:os|u)t)[\s"']+\S+ http/`.
//! - [`alphabet`]: bytes become one of 64 symbols (both cases of a letter are one, and so are all digits), so that a set of
//!   symbols is one word. An expression over bytes becomes one over symbols that matches at least as much.
//! - [`graph`]: the expression as a graph of symbol places; a match is a path from begin to accept.
//! - [`cut`]: sets of places one of which every path passes: {`g`, `p`}, {the `h` of http}, {`\S`}, …
//! - [`window`]: around each place of a cut, what can stand next to it, and next to that. Before the `g` stands no word byte
//!   (`\b`) or the edge of the value; behind `get` stands a blank or a quote. So every match has one of `[^\w]get[\s"']`,
//!   `[^\w]post[\s"']`, `[^\w]put[\s"']`; and, from the other cut, ` http/`. [`rarity`] says which cut is rare in ordinary
//!   values (the second) and worth looking for.
//! - [`condition`]: at least 12 bytes, and ` http/`, and the symbol `/`.
//!
//! `@pm` and its like have windows in the same way, one per phrase, and where a window is found the rest of its phrase is
//! compared; `@validateByteRange` a set of symbols.
//!
//! # From value to candidates
//!
//! [`scanner`] looks for the windows of all conditions at once. For the value `Get "/x" HTTP/1.1` it finds ` http/`, marks
//! the clause, collects the symbols seen, then tests the other clauses of the one operator it found: a candidate. On an
//! ordinary value of 100 bytes it finds less than one of a hundred operators, in a quarter of a microsecond.
//!
//! # What it bets on
//!
//! That ordinary values seldom meet conditions: a value made to meet many costs what it costs without a screen, no more.
//! That the samples behind [`rarity`] are like the traffic: otherwise windows are chosen badly and found more
//! often. Neither can make an answer wrong. What cannot be screened (negated operators, numbers, macros in the argument,
//! expressions that the linear engine does not run) has no condition and always runs.

mod alphabet;
mod condition;
mod cut;
mod gapped;
mod graph;
mod groups;
mod memory;
mod passage;
pub(crate) mod plan;
mod rarity;
mod results;
pub(crate) mod run;
mod scanner;
#[cfg(test)]
mod tests;
pub(crate) mod trial;
mod window;
