//! `@contains`: the argument occurs in the value.
//!
//! `@contains foo` matches `a food`. The empty argument matches every value. It never captures. Reference Manual: `contains`.

use crate::text::{Place, Text};
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "contains",
    aliases: &[],
    summary: "Matches values that contain the argument.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "foo", value: b"a food", matches: true },
        Example { argument: "foo", value: b"FOO", matches: false },
        Example { argument: "", value: b"", matches: true },
    ],
    kind: Kind::Pure(|argument, environment| {
        Text::containing(argument, environment, contains, Place::Inside)
    }),
};

fn contains(value: &[u8], argument: &[u8]) -> bool {
    memchr::memmem::find(value, argument).is_some()
}
