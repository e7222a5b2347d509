//! `@rbl`: declared here, done by the engine and its driver.
//!
//! The argument is the domain of the list: `@rbl sbl.example.org` on `10.0.0.1` asks for `1.0.0.10.sbl.example.org`. This record only says that the operator exists and what it needs; nothing is compiled. Reference Manual: `rbl`.

use crate::{External, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "rbl",
    aliases: &[],
    summary: "Looks an address or host name up in a DNS block list.",
    expands_macros: false,
    needs_argument: true,
    examples: &[],
    kind: Kind::External(External::Rbl),
};
