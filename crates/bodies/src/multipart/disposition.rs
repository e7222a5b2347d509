//! The value of a part's Content-Disposition header.
//!
//! `form-data; name="a"; filename="b.txt"` → name `a`, filename `b.txt`. Only these two parameters are known; each way to be
//! wrong has a negative number that v2 shows in its error message. Inside quotes a backslash protects the quote and itself
//! only, because browsers send Windows paths. Manual: MULTIPART_INVALID_QUOTING, FILES.

use super::MultipartFlags;

/// The parameters read, also those read before an error.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Disposition {
    /// Parameter `name`.
    pub(super) name: Option<Vec<u8>>,
    /// Parameter `filename`.
    pub(super) filename: Option<Vec<u8>>,
    /// A `name` or `filename` that is one too many.
    pub(super) extra_name: Option<Vec<u8>>,
    /// See `extra_name`.
    pub(super) extra_filename: Option<Vec<u8>>,
}

/// The number that v2 shows for a malformed header.
pub(super) type Fault = i8;

/// Reads the parameters of `value` (which holds no NUL) into `into`.
pub(super) fn read(value: &[u8], into: &mut Disposition, flags: &mut MultipartFlags) -> Result<(), Fault> {
    let rest = skip_blanks(value.strip_prefix(b"form-data").ok_or(-1)?);
    let mut rest = match rest {
        [] => return Ok(()),
        [b';', rest @ ..] => rest,
        _ => return Err(-2),
    };
    while !rest.is_empty() {
        rest = parameter(rest, into, flags)?;
    }
    Ok(())
}

/// Reads one parameter and returns what follows its semicolon.
fn parameter<'a>(
    text: &'a [u8],
    into: &mut Disposition,
    flags: &mut MultipartFlags,
) -> Result<&'a [u8], Fault> {
    let text = present(skip_blanks(text), -3)?;
    let (name, rest) = split(text, |byte| matches!(byte, b'=' | b'\t' | b' '));
    let rest = present(skip_blanks(present(rest, -4)?), -5)?;
    let rest = rest.strip_prefix(b"=").ok_or(-13)?;
    let rest = present(skip_blanks(rest), -6)?;
    let (value, rest) = match rest {
        [b'"', rest @ ..] => quoted(present(rest, -7)?, b'"')?,
        [b'\'', rest @ ..] => {
            flags.invalid_quoting = true;
            quoted(present(rest, -7)?, b'\'')?
        }
        _ => {
            let (value, rest) = split(rest, |byte| !is_token(byte));
            flags.invalid_quoting |= matches!(name, b"name" | b"filename") && value.contains(&b'\'');
            (value.to_vec(), rest)
        }
    };
    if !matches!(name, b"name" | b"filename") {
        return Err(-11);
    }
    store(name == b"name", value, into)?;
    after_value(text, rest, flags)
}

/// Keeps a value; a second one of the same name is a fault.
fn store(is_name: bool, value: Vec<u8>, into: &mut Disposition) -> Result<(), Fault> {
    match (is_name, &into.name, &into.filename) {
        (true, None, _) => into.name = Some(value),
        (true, Some(_), _) => {
            into.extra_name = Some(value);
            return Err(-14);
        }
        (false, _, None) => into.filename = Some(value),
        (false, _, Some(_)) => {
            into.extra_filename = Some(value);
            return Err(-15);
        }
    }
    Ok(())
}

/// A value is followed by the end or a semicolon.
fn after_value<'a>(text: &[u8], rest: &'a [u8], flags: &mut MultipartFlags) -> Result<&'a [u8], Fault> {
    let rest = skip_blanks(rest);
    match rest {
        [] => Ok(rest),
        [b';', rest @ ..] => Ok(rest),
        _ => {
            flags.invalid_quoting |= matches!(quote_before(text, rest), Some(b'"' | b'\''));
            Err(-12)
        }
    }
}

/// The byte of `text` in front of its tail `rest`.
fn quote_before(text: &[u8], rest: &[u8]) -> Option<u8> {
    text.get(..text.len().saturating_sub(rest.len())).and_then(<[u8]>::last).copied()
}

/// A value after its opening quote, and what follows the closing one.
fn quoted(text: &[u8], quote: u8) -> Result<(Vec<u8>, &[u8]), Fault> {
    let mut value = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return Err(-10),
            [b'\\'] => return Err(-8),
            [b'\\', escaped, tail @ ..] if *escaped == quote || *escaped == b'\\' => {
                value.push(*escaped);
                tail
            }
            [byte, tail @ ..] if *byte == quote => return Ok((value, tail)),
            [byte, tail @ ..] => {
                value.push(*byte);
                tail
            }
        };
    }
}

fn present(text: &[u8], fault: Fault) -> Result<&[u8], Fault> {
    if text.is_empty() { Err(fault) } else { Ok(text) }
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    split(text, |byte| !matches!(byte, b'\t' | b' ')).1
}

/// Splits before the first byte that `at` accepts.
fn split(text: &[u8], at: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = text.iter().position(|&byte| at(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, &[]))
}

/// A token character of RFC 2045.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte)
}
