//! `@ipMatch`: the value is an address in the list.
//!
//! `@ipMatch 10.0.0.0/8,::1` matches `10.1.2.3`. A value that is no bare address (also an empty one) is a failure, not a
//! non-match, so `!@ipMatch` does not match it either. It never captures. Reference Manual: `ipMatch`.

use crate::addresses::{Addresses, NotAnAddress, address_text};
use crate::{ArgumentError, Environment, Example, Failure, Hit, Kind, Operator, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "ipMatch",
    aliases: &[],
    summary: "Matches IP addresses in a comma-separated list of addresses and prefixes.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "10.0.0.0/8,::1", value: b"10.1.2.3", matches: true },
        Example { argument: "10.0.0.0/8,::1", value: b"::1", matches: true },
        Example { argument: "10.0.0.0/8,::1", value: b"11.1.2.3", matches: false },
    ],
    kind: Kind::Pure(compile),
};

fn compile(argument: &[u8], _: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    of_list(argument)
}

/// The operator for a list with commas.
pub(crate) fn of_list(argument: &[u8]) -> Result<Box<dyn Test>, ArgumentError> {
    let mut addresses = Addresses::default();
    let mut offset = 0;
    for item in argument.split(|byte| *byte == b',') {
        if !item.is_empty() && !addresses.add(item) {
            let text = String::from_utf8_lossy;
            return Err(ArgumentError {
                message: format!("Could not add entry \"{}\" from: {}.", text(item), text(argument)),
                offset: Some(offset),
                help: Some(
                    "write addresses or prefixes such as 10.0.0.0/8, separated by commas without blanks"
                        .into(),
                ),
            });
        }
        offset += item.len() + 1;
    }
    addresses.finish();
    Ok(Box::new(IpMatch { addresses }))
}

#[derive(Debug)]
struct IpMatch {
    addresses: Addresses,
}

impl Test for IpMatch {
    fn test(&self, value: &[u8], _: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        let value = address_text(value);
        let found = self.addresses.contain(value).map_err(|NotAnAddress(family)| {
            let lead = format!("IPmatch: bad IPv{family} specification \"");
            Failure::Other([lead.as_bytes(), value, b"\"."].concat())
        })?;
        if found {
            hit.text.extend(value);
        }
        Ok(found)
    }

    fn message(&self, _: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
        message("IPmatch", hit, name, out);
    }
}

/// Appends `LEAD: "ADDRESS" matched at NAME.`
pub(crate) fn message(lead: &str, hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
    out.extend(lead.as_bytes());
    out.extend(b": \"");
    // Only text that parsed as an address gets here, so there is nothing to escape.
    out.extend(&hit.text);
    crate::text::at(b"\" matched", name, out);
}
