//! `@eq`: the value, read as a number, is equal to the argument.
//!
//! `@eq 5` matches ` 5x`. Both sides are read as C's `atoi` does, so what is no number is 0 and 32 bits wrap.
//! Reference Manual: `eq`.

use crate::number::Comparison;
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "eq",
    aliases: &[],
    summary: "Matches numbers that are equal to the argument.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "5", value: b" 5x", matches: true },
        Example { argument: "5", value: b"6", matches: false },
        Example { argument: "0", value: b"x", matches: true },
    ],
    kind: Kind::Pure(|_, _| Ok(Box::new(Comparison { name: "EQ", compare: i32::eq }))),
};
