//! `@validateNid`: the value holds a national identity number.
//!
//! `@validateNid cl \d{1,2}\.?\d{3}\.?\d{3}-?[\dkK]` matches the Chilean RUN `12.345.678-5`. The argument is a country (`cl`,
//! or `us` for social security numbers) and an expression that finds candidates (see the `verify` module). A RUN is valid when
//! its last sign is the check digit, to base 11, of the seven or more before it. Coraza has this operator, ModSecurity has not;
//! captures and message are those of `@verifySSN`.

use crate::verify::compile;
use crate::verify_ssn::is_ssn;
use crate::{ArgumentError, Environment, Example, Kind, Operator, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "validateNid",
    aliases: &[],
    summary: "Matches values with a national identity number of a country (`cl`, `us`) that an expression finds.",
    expands_macros: false,
    needs_argument: true,
    examples: &[
        Example { argument: "cl [0-9.]+-[0-9kK]", value: b"run 12.345.678-5", matches: true },
        Example { argument: "cl [0-9.]+-[0-9kK]", value: b"run 12.345.678-6", matches: false },
        Example { argument: "us [0-9-]+", value: b"ssn 078-05-1120", matches: true },
    ],
    kind: Kind::Pure(compile_country),
};

fn compile_country(argument: &[u8], environment: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let space = argument.iter().position(|byte| *byte == b' ').unwrap_or(argument.len());
    let (country, rest) = argument.split_at(space);
    let expression = rest.trim_ascii_start();
    let error = |message: &str| ArgumentError {
        message: message.to_owned(),
        offset: Some(0),
        help: Some("for example `@validateNid cl [0-9.]+-[0-9kK]`".to_owned()),
    };
    if expression.is_empty() {
        return Err(error("`@validateNid` needs a country and an expression"));
    }
    match country {
        b"cl" => compile(expression, environment, "NID", is_run),
        b"us" => compile(expression, environment, "NID", is_ssn),
        _ => Err(error("unknown country of `@validateNid`; one of: cl, us")),
    }
}

/// Weights 2 to 7 go round from the last digit to the first; `k` stands for 10.
fn is_run(candidate: &[u8]) -> bool {
    let signs: Vec<u8> = candidate
        .iter()
        .filter(|byte| byte.is_ascii_digit() || matches!(byte, b'k' | b'K'))
        .copied()
        .collect();
    let Some((check, digits)) = signs.split_last() else { return false };
    if digits.len() < 7 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let weights = (2..8).cycle();
    let sum: u64 =
        digits.iter().rev().zip(weights).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    match (11 - sum % 11) % 11 {
        10 => matches!(check, b'k' | b'K'),
        value => u64::from(check.wrapping_sub(b'0')) == value,
    }
}

#[cfg(test)]
mod tests {
    use super::is_run;

    #[test]
    fn checks_the_last_sign() {
        for valid in ["12.345.678-5", "11111111-1", "7654321-6", "1000005-K", "1000005k"] {
            assert!(is_run(valid.as_bytes()), "{valid}");
        }
        for invalid in ["", "12.345.678-6", "1-9", "k1111111-1", "1000005-0", "11111111k"] {
            assert!(!is_run(invalid.as_bytes()), "{invalid}");
        }
    }
}
