//! `@validateByteRange`: the value holds a byte outside the listed ranges.
//!
//! `@validateByteRange 32-126` matches `a\x01`. The list is `n,n-m,…` in decimal, read with `atoi`, so `x` is 0; an empty
//! list allows nothing. The message counts the bytes outside. It never captures. Reference Manual: `validateByteRange`.

use crate::number::atoi;
use crate::text::argument_error;
use crate::{ArgumentError, Environment, Example, Failure, Hit, Kind, Operator, Shape, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "validateByteRange",
    aliases: &[],
    summary: "Matches values with a byte outside the listed ranges.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "32-126", value: b"a\x01", matches: true },
        Example { argument: "10,13,32-126", value: b"a\r\n", matches: false },
        Example { argument: "", value: b"a", matches: true },
        Example { argument: "", value: b"", matches: false },
    ],
    kind: Kind::Pure(compile),
};

fn compile(argument: &[u8], _: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let mut allowed = [0; 4];
    for item in argument.split(|byte| *byte == b',').filter(|item| !item.is_empty()) {
        let (start, end) = range(item)?;
        for byte in start..=end {
            allowed[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
    }
    Ok(Box::new(ValidateByteRange { allowed }))
}

fn range(item: &[u8]) -> Result<(u8, u8), ArgumentError> {
    let number = |text: &[u8], what: &str| {
        let number = atoi(text);
        u8::try_from(number).map_err(|_| argument_error(format!("Invalid range {what}value: {number}")))
    };
    let Some(dash) = memchr::memchr(b'-', item) else {
        let byte = number(item, "")?;
        return Ok((byte, byte));
    };
    // A minus sign in front belongs to no number: ModSecurity reads the whole item as the start and finds it negative.
    let start = number(if dash == 0 { item } else { &item[..dash] }, "start ")?;
    let end = number(&item[dash + 1..], "end ")?;
    if start > end {
        return Err(argument_error(format!("Invalid range: {start}-{end}")));
    }
    Ok((start, end))
}

#[derive(Debug)]
struct ValidateByteRange {
    allowed: [u64; 4],
}

impl Test for ValidateByteRange {
    fn test(&self, value: &[u8], _: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        let outside = |byte: &&u8| self.allowed[usize::from(**byte >> 6)] >> (**byte & 63) & 1 == 0;
        let count = value.iter().filter(outside).count();
        // A value is shorter than 2^63 bytes.
        hit.number = count as i64;
        Ok(count > 0)
    }

    fn message(&self, argument: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
        out.extend(format!("Found {} byte(s) in ", hit.number).as_bytes());
        out.extend(name);
        out.extend(b" outside range: ");
        out.extend(argument);
        out.push(b'.');
    }

    fn shape(&self) -> Shape<'_> {
        Shape::ByteOutside(&self.allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn reads_items() {
        for (item, expected) in [
            ("5", Ok((5, 5))),
            ("x-5", Ok((0, 5))),
            ("5 - 7", Ok((5, 7))),
            ("10-20-30", Ok((10, 20))),
            ("-", Ok((0, 0))),
            ("-3", Err("Invalid range start value: -3")),
            ("3-", Err("Invalid range: 3-0")),
            ("256", Err("Invalid range value: 256")),
            ("300-5", Err("Invalid range start value: 300")),
            ("65-256", Err("Invalid range end value: 256")),
            ("5-4294967297", Err("Invalid range: 5-1")),
            ("99999999999", Err("Invalid range value: 1215752191")),
        ] {
            assert_eq!(
                range(item.as_bytes()).map_err(|error| error.message),
                expected.map_err(str::to_owned),
                "{item}"
            );
        }
    }
}
