//! `@lt`: the value, read as a number, is less than the argument.
//!
//! `@lt 5` matches `4`. Both sides are read as C's `atoi` does, so what is no number is 0 and 32 bits wrap.
//! Reference Manual: `lt`.

use crate::number::Comparison;
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "lt",
    aliases: &[],
    summary: "Matches numbers that are less than the argument.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "5", value: b"4", matches: true },
        Example { argument: "5", value: b"5", matches: false },
    ],
    kind: Kind::Pure(|_, _| Ok(Box::new(Comparison { name: "LT", compare: i32::lt }))),
};
