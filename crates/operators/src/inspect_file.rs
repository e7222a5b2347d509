//! `@inspectFile`: declared here, done by the engine and its driver.
//!
//! The argument is a program or Lua script, the value the path of an uploaded file; an answer that does not start with `1` is a match. This record only says that the operator exists and what it needs; nothing is compiled. Reference Manual: `inspectFile`.

use crate::{External, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "inspectFile",
    aliases: &[],
    summary: "Runs a program or script on an uploaded file.",
    expands_macros: false,
    needs_argument: true,
    examples: &[],
    kind: Kind::External(External::InspectFile),
};
