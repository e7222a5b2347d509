//! `@gt`: the value, read as a number, is greater than the argument.
//!
//! `@gt 5` matches `6`. Both sides are read as C's `atoi` does, so what is no number is 0 and 32 bits wrap.
//! Reference Manual: `gt`.

use crate::number::Comparison;
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "gt",
    aliases: &[],
    summary: "Matches numbers that are greater than the argument.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "5", value: b"6", matches: true },
        Example { argument: "5", value: b"5", matches: false },
    ],
    kind: Kind::Pure(|_, _| Ok(Box::new(Comparison { name: "GT", compare: i32::gt }))),
};
