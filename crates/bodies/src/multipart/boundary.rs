//! The boundary in a Content-Type header.
//!
//! `multipart/form-data; boundary=xyz` → `xyz`. Everything after `boundary=` belongs to the boundary, so a parameter
//! behind it makes the header invalid, and so does one before it. Refusals are worded as v2 words them.
//! Manual: MULTIPART_BOUNDARY_QUOTED, MULTIPART_BOUNDARY_WHITESPACE, MULTIPART_MISSING_SEMICOLON.

use memchr::{memchr, memmem};

use super::MultipartFlags;
use crate::c_locale::{is_space, until_nul};

const TYPE: &[u8] = b"multipart/form-data";
const WORD: &[u8] = b"boundary";
const LONGEST: usize = 1024;

/// A boundary without its leading dashes.
#[derive(Debug)]
pub(super) struct Boundary(pub(super) Vec<u8>);

impl Boundary {
    /// Reads it; the error is v2's text without the prefix.
    pub(super) fn read(header: Option<&[u8]>, flags: &mut MultipartFlags) -> Result<Self, &'static str> {
        let header = until_nul(header.ok_or("Content-Type header not available.")?);
        if header.len() > LONGEST {
            return Err("Invalid boundary in C-T (length).");
        }
        let parameters = match header.split_at_checked(TYPE.len()) {
            Some((head, parameters)) if head.eq_ignore_ascii_case(TYPE) => parameters,
            _ => return Err("Invalid MIME type."),
        };
        let count = count_words(header);
        if count > 1 {
            return Err("Multiple boundary parameters in C-T.");
        }
        let Some(at) = memmem::find(parameters, WORD) else {
            return Err(if count > 0 {
                "Invalid boundary in C-T (case sensitivity)."
            } else {
                "Boundary not found in C-T."
            });
        };
        let (before, rest) = parameters.split_at_checked(at).unwrap_or((parameters, &[]));
        check_before(before, flags)?;
        let value = parameter_value(rest.get(WORD.len()..).unwrap_or_default(), flags)?;
        let value = unquoted(value, flags)?;
        if count_words(value) != 0 {
            return Err("Invalid boundary in C-T (content).");
        }
        if !value.iter().enumerate().all(|(at, &byte)| allowed(byte, at + 1 == value.len())) {
            return Err("Invalid boundary in C-T (characters).");
        }
        if value.is_empty() {
            return Err("Invalid boundary in C-T (empty).");
        }
        Ok(Self(value.to_vec()))
    }
}

/// How often the word occurs, in any case, with a `=` anywhere behind it.
fn count_words(text: &[u8]) -> usize {
    let text = text.to_ascii_lowercase();
    let last_equals = memchr::memrchr(b'=', &text);
    memmem::find_iter(&text, WORD)
        .filter(|at| last_equals.is_some_and(|equals| equals >= at + WORD.len()))
        .count()
}

/// Between type and word stands white space and one semicolon at most.
fn check_before(between: &[u8], flags: &mut MultipartFlags) -> Result<(), &'static str> {
    let mut semicolon = false;
    for &byte in between {
        match byte {
            byte if is_space(byte) => {}
            b';' if !semicolon => semicolon = true,
            _ => return Err("Invalid boundary in C-T (malformed)."),
        }
    }
    flags.missing_semicolon |= !semicolon;
    Ok(())
}

/// What follows the `=` behind the word.
fn parameter_value<'a>(after: &'a [u8], flags: &mut MultipartFlags) -> Result<&'a [u8], &'static str> {
    let equals = memchr(b'=', after).ok_or("Invalid boundary in C-T (malformed).")?;
    let (name_end, value) = after.split_at_checked(equals).unwrap_or((after, &[]));
    let value = value.get(1..).unwrap_or_default();
    for &byte in name_end {
        if !is_space(byte) {
            return Err("Invalid boundary in C-T (parameter name).");
        }
        flags.boundary_whitespace = true;
    }
    flags.boundary_whitespace |= value.first().is_some_and(|&byte| is_space(byte));
    Ok(value)
}

/// Takes the quotes off, when there are two.
fn unquoted<'a>(value: &'a [u8], flags: &mut MultipartFlags) -> Result<&'a [u8], &'static str> {
    match value {
        [b'"', inner @ .., b'"'] => {
            flags.boundary_quoted = true;
            Ok(inner)
        }
        [b'"', ..] | [_, .., b'"'] => Err("Invalid boundary in C-T (quote)."),
        _ => Ok(value),
    }
}

/// The characters of RFC 2046; a blank must not be the last one.
fn allowed(byte: u8, last: bool) -> bool {
    byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte) || (byte == b' ' && !last)
}
