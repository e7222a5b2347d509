//! Numbers as XPath writes and reads them.
//!
//! ` -1.50 ` is -1.5, `1e3` and `+1` are not numbers; 3 is written `3`, 0.1 `0.1`, never with an exponent.

/// The number that a text spells, or NaN.
pub(super) fn from_text(text: &str) -> f64 {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let spelled = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().any(|byte| byte.is_ascii_digit());
    // Two points are left for `parse` to refuse.
    if spelled { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// The text of a number.
pub(super) fn to_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if number == 0.0 {
        "0".to_owned()
    } else {
        format!("{number}")
    }
}

/// The nearest integer, halves towards positive infinity.
pub(super) fn round(number: f64) -> f64 {
    if number.fract() == -0.5 { number.ceil() } else { number.round() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbers_or_not() {
        for (text, number) in [(" -1.50 ", -1.5), ("7.", 7.0), (".5", 0.5), ("00", 0.0)] {
            assert_eq!(from_text(text), number, "{text}");
        }
        for text in ["", "-", ".", "1e3", "+1", "1.2.3", "- 1", "Infinity", "NaN", "0x1", "1 2"] {
            assert!(from_text(text).is_nan(), "{text}");
        }
    }

    #[test]
    fn numbers_are_written_without_exponent() {
        for (number, text) in
            [(3.0, "3"), (-0.0, "0"), (0.1, "0.1"), (1e21, "1000000000000000000000"), (f64::NAN, "NaN")]
        {
            assert_eq!(to_text(number), text);
        }
        assert_eq!(round(-2.5), -2.0);
        assert_eq!(round(2.5), 3.0);
    }
}
