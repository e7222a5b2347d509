//! `@le`: the value, read as a number, is less than or equal to the argument.
//!
//! `@le 5` matches `5`. Both sides are read as C's `atoi` does, so what is no number is 0 and 32 bits wrap.
//! Reference Manual: `le`.

use crate::number::Comparison;
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "le",
    aliases: &[],
    summary: "Matches numbers that are less than or equal to the argument.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "5", value: b"5", matches: true },
        Example { argument: "5", value: b"6", matches: false },
    ],
    kind: Kind::Pure(|_, _| Ok(Box::new(Comparison { name: "LE", compare: i32::le }))),
};
