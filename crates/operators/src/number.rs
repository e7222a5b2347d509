//! Integers the way C's `atoi` reads them on a 64-bit Linux.
//!
//! `" +12x"` is 12, `"x"` is 0, `"2147483648"` is -2147483648. The numeric operators, `@validateByteRange` and the masks
//! of `@ipMatch` use it. [`Comparison`] is what `@eq`, `@ge`, `@gt`, `@le` and `@lt` have in common. It deliberately reports no error: ModSecurity rules rely on non-numbers being 0.

use crate::text::at;
use crate::{Failure, Hit, Test};

/// A numeric operator.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// The name in the message, in capitals.
    pub(crate) name: &'static str,
    /// Value and argument, in this order.
    pub(crate) compare: fn(&i32, &i32) -> bool,
}

impl Test for Comparison {
    fn test(&self, value: &[u8], argument: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        let value = atoi(value);
        hit.number = i64::from(value);
        Ok((self.compare)(&value, &atoi(argument)))
    }

    fn message(&self, argument: &[u8], _: &Hit, name: &[u8], out: &mut Vec<u8>) {
        let lead = format!("Operator {} matched {}", self.name, atoi(argument));
        at(lead.as_bytes(), name, out);
    }
}

/// Leading blanks, one sign, digits; saturates at 64 bits, then keeps the low 32.
#[must_use]
pub(crate) fn atoi(text: &[u8]) -> i32 {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | 0x09..=0x0d)).count();
    let text = &text[blanks..];
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let mut value = 0i64;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        let digit = i64::from(digit - b'0');
        value = value.saturating_mul(10);
        value = if negative { value.saturating_sub(digit) } else { value.saturating_add(digit) };
    }
    // Truncation is the point: `atoi` is `(int) strtol(…)`.
    value as i32
}

#[cfg(test)]
mod tests {
    use super::atoi;

    #[test]
    fn reads_as_c_does() {
        for (text, value) in [
            ("", 0),
            ("5x", 5),
            (" \t\x0b+12", 12),
            ("-7", -7),
            ("- 7", 0),
            ("-+7", 0),
            ("2147483648", i32::MIN),
            ("4294967301", 5),
            ("9223372036854775808", -1),
            ("99999999999999999999", -1),
            ("-99999999999999999999", 0),
        ] {
            assert_eq!(atoi(text.as_bytes()), value, "{text}");
        }
    }
}
