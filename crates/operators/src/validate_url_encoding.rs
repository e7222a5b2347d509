//! `@validateUrlEncoding`: the value holds a `%` that two hexadecimal digits do not follow.
//!
//! `%zz` and `100%` match, `%41` does not. The first fault decides the message. The argument is not used. It never
//! captures. Reference Manual: `validateUrlEncoding`.

use crate::text::at;
use crate::{Example, Failure, Hit, Kind, Operator, Shape, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "validateUrlEncoding",
    aliases: &[],
    summary: "Matches values with wrong URL encoding.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "", value: b"%zz", matches: true },
        Example { argument: "", value: b"100%", matches: true },
        Example { argument: "", value: b"%41", matches: false },
        Example { argument: "", value: b"", matches: false },
    ],
    kind: Kind::Pure(|_, _| Ok(Box::new(ValidateUrlEncoding))),
};

/// `hit.number` for a `%` too near the end; 0 stands for digits that are none.
const TOO_SHORT: i64 = 1;

#[derive(Debug)]
struct ValidateUrlEncoding;

impl Test for ValidateUrlEncoding {
    fn test(&self, value: &[u8], _: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        for percent in memchr::memchr_iter(b'%', value) {
            match value.get(percent + 1..percent + 3) {
                None => {
                    hit.number = TOO_SHORT;
                    return Ok(true);
                }
                Some(digits) if !digits.iter().all(u8::is_ascii_hexdigit) => return Ok(true),
                Some(_) => {}
            }
        }
        Ok(false)
    }

    fn message(&self, _: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
        let fault = match hit.number {
            TOO_SHORT => "Not enough characters at the end of input",
            _ => "Non-hexadecimal digits used",
        };
        out.extend(b"Invalid URL Encoding: ");
        at(fault.as_bytes(), name, out);
    }

    fn shape(&self) -> Shape<'_> {
        Shape::Byte(b'%')
    }
}
