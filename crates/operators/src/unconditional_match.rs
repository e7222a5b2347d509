//! `@unconditionalMatch`: always matches.
//!
//! It is what `SecAction` runs, hence the message `Unconditional match in SecAction.` Reference Manual:
//! `unconditionalMatch`.

use crate::{Example, Failure, Hit, Kind, Operator, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "unconditionalMatch",
    aliases: &[],
    summary: "Always matches.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "", value: b"", matches: true },
        Example { argument: "x", value: b"y", matches: true },
    ],
    kind: Kind::Pure(|_, _| Ok(Box::new(UnconditionalMatch))),
};

#[derive(Debug)]
struct UnconditionalMatch;

impl Test for UnconditionalMatch {
    fn test(&self, _: &[u8], _: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        Ok(true)
    }

    fn message(&self, _: &[u8], _: &Hit, _: &[u8], out: &mut Vec<u8>) {
        out.extend(b"Unconditional match in SecAction.");
    }
}
