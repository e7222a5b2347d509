//! `@validateDTD`: declared here, done by the engine and its driver.
//!
//! The argument names the DTD; the target is the parsed body in XML. This record only says that the operator exists and what it needs; nothing is compiled. Reference Manual: `validateDTD`.

use crate::{External, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "validateDTD",
    aliases: &[],
    summary: "Matches XML bodies that their DTD does not allow.",
    expands_macros: false,
    needs_argument: true,
    examples: &[],
    kind: Kind::External(External::ValidateDtd),
};
