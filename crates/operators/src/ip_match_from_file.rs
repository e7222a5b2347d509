//! `@ipMatchFromFile`: the value is an address in a file.
//!
//! The file has one address or prefix per line; leading blanks are skipped, and the entry ends at the first byte that no
//! address contains, which makes `# comments` possible. A value that is no bare address is a failure, as with
//! `@ipMatch`, but ModSecurity logs no text of its own for it. Whether a `https://`
//! argument can be read is up to the environment; `http://` is refused. Reference Manual: `ipMatchFromFile`.

use crate::addresses::{Addresses, address_text};
use crate::ip_match::message;
use crate::text::{argument_error, read_file};
use crate::{ArgumentError, Environment, Example, Failure, Hit, Kind, Operator, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "ipMatchFromFile",
    aliases: &["ipMatchF"],
    summary: "Matches IP addresses in a file of addresses and prefixes.",
    expands_macros: false,
    needs_argument: true,
    examples: &[
        Example { argument: "addresses.txt", value: b"10.1.2.3", matches: true },
        Example { argument: "addresses.txt", value: b"11.1.2.3", matches: false },
    ],
    kind: Kind::Pure(compile),
};

fn compile(argument: &[u8], environment: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let content = read_file("ipmatchFromFile", "ipmatch", argument, environment)?;
    let mut addresses = Addresses::default();
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let blanks = line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let belongs = |byte: &&u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'/');
        let entry = &line[blanks..];
        let entry = &entry[..entry.iter().take_while(belongs).count()];
        if !entry.is_empty() && !addresses.add(entry) {
            return Err(argument_error(format!(
                "Could not add entry \"{}\" in line {} of file {} to IP list",
                String::from_utf8_lossy(entry),
                number + 1,
                String::from_utf8_lossy(argument),
            )));
        }
    }
    addresses.finish();
    Ok(Box::new(IpMatchFromFile { addresses }))
}

#[derive(Debug)]
struct IpMatchFromFile {
    addresses: Addresses,
}

impl Test for IpMatchFromFile {
    fn test(&self, value: &[u8], _: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        let found = self.addresses.contain(value).map_err(|_| Failure::Unexplained)?;
        if found {
            hit.text.extend(address_text(value));
        }
        Ok(found)
    }

    fn message(&self, _: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
        message("IPmatchFromFile", hit, name, out);
    }
}
