//! `@noMatch`: never matches.
//!
//! `SecRule ARGS "@noMatch"` is a rule that is switched off; `!@noMatch` always matches. Reference Manual: `noMatch`.

use crate::{Example, Failure, Hit, Kind, Operator, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "noMatch",
    aliases: &[],
    summary: "Never matches.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "", value: b"x", matches: false },
        Example { argument: "x", value: b"x", matches: false },
    ],
    kind: Kind::Pure(|_, _| Ok(Box::new(NoMatch))),
};

#[derive(Debug)]
struct NoMatch;

impl Test for NoMatch {
    fn test(&self, _: &[u8], _: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        Ok(false)
    }

    /// There is no match to describe.
    fn message(&self, _: &[u8], _: &Hit, _: &[u8], _: &mut Vec<u8>) {}
}
