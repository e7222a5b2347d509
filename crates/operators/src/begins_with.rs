//! `@beginsWith`: the value starts with the argument.
//!
//! `@beginsWith /admin` matches `/admin/x`. The empty argument matches every value. It never captures. Reference Manual: `beginsWith`.

use crate::text::{Place, Text};
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "beginsWith",
    aliases: &[],
    summary: "Matches values that start with the argument.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "/admin", value: b"/admin/x", matches: true },
        Example { argument: "/admin", value: b"x/admin", matches: false },
        Example { argument: "", value: b"x", matches: true },
    ],
    kind: Kind::Pure(|argument, environment| {
        Text::containing(argument, environment, <[u8]>::starts_with, Place::Start)
    }),
};
