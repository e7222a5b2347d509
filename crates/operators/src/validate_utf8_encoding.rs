//! `@validateUtf8Encoding`: the value is not well-formed UTF-8.
//!
//! `abc\xe9` matches at offset 3 with "not enough bytes in character". The first fault decides the message. The table of
//! faults is ModSecurity's, which differs from Unicode's in one place: lead byte F4 with a continuation of 90 or more
//! (beyond U+10FFFF) is not reported. The argument is not used. It never captures. Reference Manual:
//! `validateUtf8Encoding`.

use crate::{Example, Failure, Hit, Kind, Operator, Shape, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "validateUtf8Encoding",
    aliases: &[],
    summary: "Matches values that are not well-formed UTF-8.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "", value: b"abc\xe9", matches: true },
        Example { argument: "", value: b"\xc0\xaf", matches: true },
        Example { argument: "", value: b"caf\xc3\xa9", matches: false },
        Example { argument: "", value: b"", matches: false },
    ],
    kind: Kind::Pure(|_, _| Ok(Box::new(ValidateUtf8Encoding))),
};

/// The bytes that are characters by themselves.
const ASCII: [u64; 4] = [u64::MAX, u64::MAX, 0, 0];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NotEnough,
    Invalid,
    Overlong,
    Restricted,
}

impl Fault {
    fn text(self) -> &'static [u8] {
        match self {
            Self::NotEnough => b"not enough bytes in character",
            Self::Invalid => b"invalid byte value in character",
            Self::Overlong => b"overlong character detected",
            Self::Restricted => b"use of restricted character",
        }
    }
}

#[derive(Debug)]
struct ValidateUtf8Encoding;

impl Test for ValidateUtf8Encoding {
    fn test(&self, value: &[u8], _: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        let mut offset = 0;
        while let Some(rest) = value.get(offset..).filter(|rest| !rest.is_empty()) {
            match character(rest) {
                Ok(length) => offset += length,
                Err(fault) => {
                    // A value is shorter than 2^63 bytes.
                    hit.number = offset as i64;
                    hit.text.extend(fault.text());
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn message(&self, _: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
        out.extend(b"Invalid UTF-8 encoding: ");
        crate::text::at(&hit.text, name, out);
        out.extend(format!(" [offset \"{}\"]", hit.number).as_bytes());
    }

    fn shape(&self) -> Shape<'_> {
        Shape::ByteOutside(&ASCII)
    }
}

/// The length of the character at the start of `text`, which is not empty.
fn character(text: &[u8]) -> Result<usize, Fault> {
    let (length, lowest) = match text[0] {
        0..0x80 => return Ok(1),
        0xc0..0xe0 => (2, 0x80),
        0xe0..0xf0 => (3, 0x800),
        0xf0..0xf5 => (4, 0x1_0000),
        0xf5..0xf8 => return Err(Fault::Restricted),
        _ => return Err(Fault::Invalid),
    };
    let bytes = text.get(..length).ok_or(Fault::NotEnough)?;
    // A lead byte of n bytes has 7 - n payload bits.
    let mut code = u32::from(bytes[0]) & (0x7f >> length);
    for &byte in &bytes[1..] {
        if byte & 0xc0 != 0x80 {
            return Err(Fault::Invalid);
        }
        code = code << 6 | u32::from(byte & 0x3f);
    }
    match code {
        _ if code < lowest => Err(Fault::Overlong),
        0xd800..0xe000 => Err(Fault::Restricted),
        _ => Ok(length),
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, character};

    #[test]
    fn finds_the_fault_the_reference_finds() {
        for (text, expected) in [
            (&b"\xc2"[..], Err(Fault::NotEnough)),
            (b"\xc2A", Err(Fault::Invalid)),
            (b"\xe1A", Err(Fault::NotEnough)),
            (b"\xe1A\x80", Err(Fault::Invalid)),
            (b"\xe1\x80A", Err(Fault::Invalid)),
            (b"\xe0\x80\x80", Err(Fault::Overlong)),
            (b"\xe0\x80A", Err(Fault::Invalid)),
            (b"\xf0\x8f\xbf\xbf", Err(Fault::Overlong)),
            (b"\xf4\x90\x80\x80", Ok(4)),
            (b"\xf5", Err(Fault::Restricted)),
            (b"\xf7\x80", Err(Fault::Restricted)),
            (b"\xf8\x80\x80\x80\x80", Err(Fault::Invalid)),
            (b"\x80", Err(Fault::Invalid)),
            (b"\xff", Err(Fault::Invalid)),
            (b"\xc1\x81", Err(Fault::Overlong)),
            (b"\xc1", Err(Fault::NotEnough)),
            (b"\xed\xa0", Err(Fault::NotEnough)),
            (b"\xed\xbf\xbf", Err(Fault::Restricted)),
            (b"\xed\xa0A", Err(Fault::Invalid)),
            (b"\xef\xbf\xbf", Ok(3)),
        ] {
            assert_eq!(character(text), expected, "{:x?}", text);
        }
    }
}
