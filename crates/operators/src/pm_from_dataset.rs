//! `@pmFromDataset`: one of the phrases of a `SecDataset` occurs in the value.
//!
//! `@pmFromDataset words` finds the lines of the set of that name, trimmed, without those that begin with `#`; nothing in them is
//! an escape. Search and report are those of `@pm`. Coraza's documentation: `pmFromDataset`.

use crate::phrases::Phrases;
use crate::text::dataset;
use crate::{ArgumentError, Environment, Example, Kind, Operator, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "pmFromDataset",
    aliases: &[],
    summary: "Matches values that contain one of the phrases of a SecDataset, without regard to case.",
    expands_macros: false,
    needs_argument: true,
    examples: &[
        Example { argument: "phrases.txt", value: b"an Evil Phrase", matches: true },
        Example { argument: "phrases.txt", value: b"a # comment", matches: false },
    ],
    kind: Kind::Dataset(compile),
};

fn compile(argument: &[u8], environment: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let content = dataset(argument, environment)?;
    Ok(Box::new(Phrases::new(crate::text::entries(&content).map(<[u8]>::to_vec).collect())?))
}
