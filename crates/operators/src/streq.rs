//! `@streq`: the value is the argument, byte for byte.
//!
//! `@streq POST` matches `POST` only. The empty argument matches the empty value. It never captures. Reference Manual: `streq`.

use crate::text::{Place, Text};
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "streq",
    aliases: &[],
    summary: "Matches values that are equal to the argument.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "POST", value: b"POST", matches: true },
        Example { argument: "POST", value: b"post", matches: false },
        Example { argument: "", value: b"", matches: true },
        Example { argument: "", value: b"x", matches: false },
    ],
    kind: Kind::Pure(|argument, environment| Text::containing(argument, environment, equal, Place::Whole)),
};

fn equal(value: &[u8], argument: &[u8]) -> bool {
    value == argument
}
