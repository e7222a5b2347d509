//! `@gsbLookup`: declared here, done by the engine and its driver.
//!
//! The argument is a regular expression that finds URLs in the value. It exists in ModSecurity 2 only. This record only says that the operator exists and what it needs; nothing is compiled. Reference Manual: `gsbLookup`.

use crate::{External, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "gsbLookup",
    aliases: &[],
    summary: "Looks URLs that the argument finds up in a Safe Browsing database.",
    expands_macros: false,
    needs_argument: true,
    examples: &[],
    kind: Kind::External(External::GsbLookup),
};
