//! What the transformations call white space.
//!
//! A tab is white space; the byte A0 (no-break space in Latin-1) is for some. The whitespace and `trim` transformations
//! use it. The classes are those of the C locale, bytewise; UTF-8 is not looked at.

use crate::ByteSet;

const NO_BREAK_SPACE: u8 = 0xa0;

/// Blank, tab, line feed, vertical tab, form feed, carriage return.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// As [`is_space`], and the no-break space.
pub(crate) const fn is_space_or_nbsp(byte: u8) -> bool {
    is_space(byte) || byte == NO_BREAK_SPACE
}

/// Whether a set has a member of which [`is_space`] holds.
pub(crate) const fn any_space(bytes: &ByteSet) -> bool {
    bytes.contains(b' ') || bytes.any_in(b'\t'..=b'\r')
}

/// Whether a set has a member of which [`is_space_or_nbsp`] holds.
pub(crate) const fn any_space_or_nbsp(bytes: &ByteSet) -> bool {
    any_space(bytes) || bytes.contains(NO_BREAK_SPACE)
}

/// The value without white space at its start.
pub(crate) fn without_leading(input: &[u8]) -> &[u8] {
    let at = input.iter().position(|&byte| !is_space(byte)).unwrap_or(input.len());
    input.get(at..).unwrap_or_default()
}

/// The value without white space at its end.
pub(crate) fn without_trailing(input: &[u8]) -> &[u8] {
    let length = input.iter().rposition(|&byte| !is_space(byte)).map_or(0, |at| at + 1);
    input.get(..length).unwrap_or_default()
}
