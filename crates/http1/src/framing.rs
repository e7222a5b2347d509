//! How long a body is, from the framing fields of its head.
//!
//! `Transfer-Encoding: chunked` → [`Framing::Chunked`]; `Content-Length: 3` → `Length(3)`. Everything that two
//! readers could understand differently comes out as a [`Deviation`] as well; what to do about it is the policy's
//! business. RFC 9112, section 6.

use crate::bytes::list_elements;
use crate::deviation::Deviation;

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// There is no body.
    #[default]
    None,
    /// It has this many bytes.
    Length(u64),
    /// It is chunked.
    Chunked,
    /// It ends with the connection (responses only).
    UntilClose,
}

/// A plain decimal number, at most `i64::MAX`, as httpd reads a length.
pub(crate) fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = value
        .iter()
        .try_fold(0u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0'))))?;
    i64::try_from(number).is_ok().then_some(number)
}

/// The length from the values of all `Content-Length` fields; deviations go to `note`.
pub(crate) fn content_length<'a>(
    values: impl Iterator<Item = &'a [u8]>,
    mut note: impl FnMut(Deviation),
) -> Option<u64> {
    let mut length = None;
    let mut count = 0usize;
    for value in values {
        count += 1;
        let Some(number) = decimal(value) else {
            note(Deviation::InvalidContentLength);
            continue;
        };
        match length {
            None => length = Some(number),
            Some(earlier) if earlier != number => note(Deviation::ConflictingContentLength),
            Some(_) => {}
        }
    }
    if count > 1 {
        note(Deviation::DuplicateContentLength);
    }
    length
}

/// What the `Transfer-Encoding` fields say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codings {
    /// There are none.
    Absent,
    /// Exactly `chunked`.
    Chunked,
    /// `chunked` comes last, behind something else.
    ChunkedLast,
    /// The last one is not `chunked`.
    Unknown,
}

/// Reads the values of all `Transfer-Encoding` fields as one list.
pub(crate) fn transfer_codings<'a>(values: impl Iterator<Item = &'a [u8]>) -> Codings {
    let mut count = 0usize;
    let mut last_is_chunked = false;
    for value in values {
        for element in list_elements(value) {
            count += 1;
            last_is_chunked = element.eq_ignore_ascii_case(b"chunked");
        }
    }
    match (count, last_is_chunked) {
        (0, _) => Codings::Absent,
        (1, true) => Codings::Chunked,
        (_, true) => Codings::ChunkedLast,
        (_, false) => Codings::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimals_are_lengths() {
        for (text, number) in [
            (&b"0"[..], Some(0)),
            (b"03", Some(3)),
            (b"9223372036854775807", Some(i64::MAX as u64)),
            (b"9223372036854775808", None),
            (b"99999999999999999999", None),
            (b"+3", None),
            (b"3 3", None),
            (b"", None),
        ] {
            assert_eq!(decimal(text), number, "{text:?}");
        }
    }
}
