//! `@ipMatchFromDataset`: the value is an address in a `SecDataset`.
//!
//! `@ipMatchFromDataset offices` reads an address or prefix per line of the set of that name. Otherwise it is `@ipMatch`.
//! Coraza's documentation: `ipMatchFromDataset`.

use crate::text::{dataset, entries};
use crate::{ArgumentError, Environment, Example, Kind, Operator, Test, ip_match};

pub(crate) static OPERATOR: Operator = Operator {
    name: "ipMatchFromDataset",
    aliases: &[],
    summary: "Matches IP addresses in a SecDataset of addresses and prefixes.",
    expands_macros: false,
    needs_argument: true,
    examples: &[
        Example { argument: "addresses.txt", value: b"10.1.2.3", matches: true },
        Example { argument: "addresses.txt", value: b"11.1.2.3", matches: false },
    ],
    kind: Kind::Dataset(compile),
};

fn compile(argument: &[u8], environment: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let content = dataset(argument, environment)?;
    let list: Vec<&[u8]> = entries(&content).collect();
    ip_match::of_list(&list.join(&b','))
}
