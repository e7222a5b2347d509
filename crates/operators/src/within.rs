//! `@within`: the value occurs in the argument.
//!
//! `@within GET,POST` matches `GET`, but also `ET,P`: there is no word logic, lists bring their own separators. The
//! empty value matches, with a message that leaves the argument out. It never captures; there is nothing a prefilter could look for in the value.
//! Reference Manual: `within`.

use crate::text::quoted;
use crate::{Example, Failure, Hit, Kind, Operator, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "within",
    aliases: &[],
    summary: "Matches values that occur in the argument.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "GET,POST", value: b"GET", matches: true },
        Example { argument: "GET,POST", value: b"PUT", matches: false },
        Example { argument: "GET", value: b"", matches: true },
    ],
    kind: Kind::Pure(|_, _| Ok(Box::new(Within))),
};

#[derive(Debug)]
struct Within;

impl Test for Within {
    fn test(&self, value: &[u8], argument: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        hit.number = i64::from(value.is_empty());
        Ok(memchr::memmem::find(argument, value).is_some())
    }

    fn message(&self, argument: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
        // ModSecurity answers for an empty value before it looks at the argument, and does not name it.
        let argument = if hit.number == 1 { b"" } else { argument };
        quoted("String match within", argument, name, out);
    }
}
