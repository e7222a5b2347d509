//! `@validateSchema`: declared here, done by the engine and its driver.
//!
//! The argument names the schema; the target is the parsed body in XML. This record only says that the operator exists and what it needs; nothing is compiled. Reference Manual: `validateSchema`.

use crate::{External, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "validateSchema",
    aliases: &[],
    summary: "Matches XML bodies that an XML schema does not allow.",
    expands_macros: false,
    needs_argument: true,
    examples: &[],
    kind: Kind::External(External::ValidateSchema),
};
