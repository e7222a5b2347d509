//! `@verifySVNR`: the value holds an Austrian social security number.
//!
//! `@verifySVNR \d{10}` matches `1237010180`. The argument is an expression that finds candidates (see the `verify` module);
//! one is valid when the fourth of its first ten digits is the check digit of the others. Ascending and repeated numbers are
//! not, but for those of 8 and 9, which libmodsecurity forgets. ModSecurity 3 has this operator, 2 has not; captures and
//! message are those of its siblings in 2. Reference Manual (v3): `verifySVNR`.

use crate::verify::{compile, first_digits};
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "verifySVNR",
    aliases: &[],
    summary: "Matches values with an Austrian social security number that an expression finds and its check digit confirms.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "\\d{10}", value: b"svnr 1237010180", matches: true },
        Example { argument: "\\d{10}", value: b"1238010180", matches: false },
        Example { argument: "\\d{10}", value: b"7777777777", matches: false },
    ],
    kind: Kind::Pure(|argument, environment| compile(argument, environment, "SVNR", is_svnr)),
};

/// The place of the check digit has no weight.
const WEIGHTS: [u32; 10] = [3, 7, 9, 0, 5, 8, 4, 2, 1, 6];

fn is_svnr(candidate: &[u8]) -> bool {
    let Some(digits) = first_digits::<10>(candidate) else { return false };
    let repeated = digits[0] < 8 && digits.iter().all(|digit| *digit == digits[0]);
    let ascending = digits.windows(2).all(|pair| (pair[0] + 1) % 10 == pair[1]) && digits[0] < 2;
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    !repeated && !ascending && sum % 11 % 10 == digits[3]
}

#[cfg(test)]
mod tests {
    use super::is_svnr;

    #[test]
    fn checks_the_first_ten_digits() {
        for valid in ["1237010180", "12370101809", "1237 010180", "8888888888", "9999999999"] {
            assert!(is_svnr(valid.as_bytes()), "{valid}");
        }
        for invalid in ["", "123701018", "1238010180", "7777777777", "0000000000", "0123456789", "1234567890"]
        {
            assert!(!is_svnr(invalid.as_bytes()), "{invalid}");
        }
    }
}
