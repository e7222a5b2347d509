//! `@verifyCPF`: the value holds a Brazilian taxpayer number.
//!
//! `@verifyCPF \d{3}\.?\d{3}\.?\d{3}-?\d{2}` matches `529.982.247-25`. The argument is an expression that finds candidates
//! (see the `verify` module); one is valid when the last two of its first eleven digits are the check digits of the others.
//! Numbers of one repeated digit and `01234567890` are not. Reference Manual: `verifyCPF`.

use crate::verify::{compile, first_digits};
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "verifyCPF",
    aliases: &[],
    summary: "Matches values with a Brazilian taxpayer number that an expression finds and its check digits confirm.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "[0-9.-]{11,14}", value: b"cpf 529.982.247-25", matches: true },
        Example { argument: "[0-9]+", value: b"52998224725999", matches: true },
        Example { argument: "[0-9]+", value: b"52998224724", matches: false },
        Example { argument: "[0-9]+", value: b"11111111111", matches: false },
    ],
    kind: Kind::Pure(|argument, environment| compile(argument, environment, "CPF", is_cpf)),
};

fn is_cpf(candidate: &[u8]) -> bool {
    let Some(digits) = first_digits::<11>(candidate) else { return false };
    let repeated = digits.iter().all(|digit| *digit == digits[0]);
    !repeated
        && digits != [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
        && digits[9] == check_digit(&digits[..9])
        && digits[10] == check_digit(&digits[..10])
}

/// Weights fall to 2 at the last digit.
fn check_digit(digits: &[u32]) -> u32 {
    let sum: u32 = digits.iter().rev().zip(2..).map(|(digit, weight)| digit * weight).sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

#[cfg(test)]
mod tests {
    use super::is_cpf;

    #[test]
    fn checks_the_first_eleven_digits() {
        for valid in ["52998224725", "111.444.777-35", "12345678909", "5299a8224725", "52998224725999"] {
            assert!(is_cpf(valid.as_bytes()), "{valid}");
        }
        for invalid in ["", "5299822472", "52998224735", "00000000000", "01234567890", "5299822\x004725"] {
            assert!(!is_cpf(invalid.as_bytes()), "{invalid}");
        }
    }
}
