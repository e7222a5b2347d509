//! `@verifySSN`: the value holds a US social security number.
//!
//! `@verifySSN \d{3}-?\d{2}-?\d{4}` matches `078-05-1120`. The argument is an expression that finds candidates (see the
//! `verify` module); one is valid when it has exactly nine digits that could have been issued: no part zero, an area below
//! 740 other than 666, not one digit repeated and not `123456789` or the like. Reference Manual: `verifySSN`.

use crate::verify::{compile, digits};
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "verifySSN",
    aliases: &[],
    summary: "Matches values with a US social security number that an expression finds and that could be issued.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "\\d{3}-?\\d{2}-?\\d{4}", value: b"ssn 078-05-1120", matches: true },
        Example { argument: "[0-9-]+", value: b"666-12-1234", matches: false },
        Example { argument: "[0-9-]+", value: b"123456789", matches: false },
    ],
    kind: Kind::Pure(|argument, environment| compile(argument, environment, "SSN", is_ssn)),
};

/// Whether a candidate could have been issued.
pub(crate) fn is_ssn(candidate: &[u8]) -> bool {
    let mut found = digits(candidate);
    let number: [u32; 9] = std::array::from_fn(|_| found.next().unwrap_or(10));
    if number[8] > 9 || found.next().is_some() {
        return false;
    }
    let steps = |by: u32| number.windows(2).all(|pair| pair[0] + by == pair[1]);
    let part = |digits: &[u32]| digits.iter().fold(0, |value, digit| value * 10 + digit);
    let (area, group, serial) = (part(&number[..3]), part(&number[3..5]), part(&number[5..]));
    !steps(0) && !steps(1) && area != 0 && group != 0 && serial != 0 && area < 740 && area != 666
}

#[cfg(test)]
mod tests {
    use super::is_ssn;

    #[test]
    fn checks_what_was_issued() {
        for valid in ["078-05-1120", "234567890", "739121234", "219099999"] {
            assert!(is_ssn(valid.as_bytes()), "{valid}");
        }
        for invalid in [
            "",
            "07805112",
            "0780511200",
            "123456789",
            "012345678",
            "111111111",
            "000121234",
            "666121234",
            "740121234",
            "123001234",
            "123120000",
        ] {
            assert!(!is_ssn(invalid.as_bytes()), "{invalid}");
        }
    }
}
