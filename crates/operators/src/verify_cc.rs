//! `@verifyCC`: the value holds a payment card number.
//!
//! `@verifyCC \d{13,16}` matches `card 4111111111111111`. The argument is an expression that finds candidates (see the
//! `verify` module); one is valid when the digits in it pass the Luhn check, however many they are. Reference Manual:
//! `verifyCC`.

use crate::verify::{compile, digits};
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "verifyCC",
    aliases: &[],
    summary: "Matches values with a payment card number that an expression finds and the Luhn check confirms.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "\\d{13,16}", value: b"card 4111111111111111", matches: true },
        Example { argument: "\\d{4}-\\d{4}-\\d{4}-\\d{4}", value: b"4111-1111-1111-1111", matches: true },
        Example { argument: "^\\d{16}$", value: b"4111111111111112", matches: false },
        Example { argument: "[a-z]+", value: b"abc", matches: false },
        Example { argument: "\\d{13,16}", value: b"", matches: false },
    ],
    kind: Kind::Pure(|argument, environment| compile(argument, environment, "CC", passes_luhn)),
};

/// From the right, every second digit counts double, with the digits of the product added up; the sum ends in 0.
fn passes_luhn(candidate: &[u8]) -> bool {
    let mut count = 0_usize;
    // Sums with the first digit doubled, and with the second: which one is right shows at the end.
    let mut sums = [0, 0];
    for digit in digits(candidate) {
        let doubled = if digit > 4 { 2 * digit - 9 } else { 2 * digit };
        let [here, there] = if count.is_multiple_of(2) { [doubled, digit] } else { [digit, doubled] };
        sums = [(sums[0] + here) % 10, (sums[1] + there) % 10];
        count += 1;
    }
    count > 0 && sums[count % 2] == 0
}

#[cfg(test)]
mod tests {
    use super::passes_luhn;

    #[test]
    fn checks_any_number_of_digits() {
        for valid in ["4111111111111111", "5500 0000 0000 0004", "340000000000009", "0", "18", "A0"] {
            assert!(passes_luhn(valid.as_bytes()), "{valid}");
        }
        for invalid in ["", "abc", "4111111111111112", "5", "50"] {
            assert!(!passes_luhn(invalid.as_bytes()), "{invalid}");
        }
    }
}
