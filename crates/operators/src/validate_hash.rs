//! `@validateHash`: declared here, done by the engine and its driver.
//!
//! The argument is a regular expression for URIs that need a hash parameter (`SecHashEngine`). This record only says that the operator exists and what it needs; nothing is compiled. Reference Manual: `validateHash`.

use crate::{External, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "validateHash",
    aliases: &[],
    summary: "Matches links whose hash parameter is missing or wrong.",
    expands_macros: true,
    needs_argument: true,
    examples: &[],
    kind: Kind::External(External::ValidateHash),
};
