//! `@endsWith`: the value ends with the argument.
//!
//! `@endsWith .php` matches `/a.php`. The empty argument matches every value. It never captures. Reference Manual: `endsWith`.

use crate::text::{Place, Text};
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "endsWith",
    aliases: &[],
    summary: "Matches values that end with the argument.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: ".php", value: b"/a.php", matches: true },
        Example { argument: ".php", value: b"/a.php5", matches: false },
        Example { argument: "", value: b"x", matches: true },
    ],
    kind: Kind::Pure(|argument, environment| {
        Text::containing(argument, environment, <[u8]>::ends_with, Place::End)
    }),
};
