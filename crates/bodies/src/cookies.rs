//! Cookies of a `Cookie` header, in the two formats of `SecCookieFormat`.
//!
//! Version 0 (Netscape, the default): ` a = 1 ; b` → `a ` = ` 1 `, `b` = (empty).
//! Version 1 (RFC 2109): `$Version=1; a="x;y"; $Path=/` → `$Version` = `1`, `a` = `x;y`, `$a_Path` = `/`.
//! The engine calls one of them per header value for REQUEST_COOKIES. Values are never percent-decoded. A NUL ends the
//! header, as it does in the reference engine. Manual: REQUEST_COOKIES, SecCookieFormat, SecCookieV0Separator.

use memchr::memchr;

use crate::Each;
use crate::c_locale::{is_space, until_nul};

/// Cookies of version 0. `separator` is that of `SecCookieV0Separator`; without it `;` separates, or `,` when the header
/// holds no `;` and its first comma is followed by a blank.
///
/// Leading white space of a piece is dropped, all other blanks stay; a cookie with an empty name is left out.
pub fn cookies_v0(header: &[u8], separator: Option<u8>, each: Each<'_>) {
    let header = until_nul(header);
    let separator = separator.unwrap_or_else(|| guess_separator(header));
    for piece in header.split(|&byte| byte == separator) {
        let piece = trim_start(piece);
        let (name, value) = split_at(piece, |byte| byte == b'=').unwrap_or((piece, &[]));
        if !name.is_empty() && each(name, value).is_break() {
            return;
        }
    }
}

/// Cookies of version 1: `;` and `,` separate, names and values are trimmed, a value may be quoted.
///
/// A name that begins with `$` is an attribute: after a cookie `a` it is called `$a_…`.
pub fn cookies_v1(header: &[u8], each: Each<'_>) {
    let mut rest = until_nul(header);
    let mut previous: Option<&[u8]> = None;
    let mut attribute = Vec::new();
    while !rest.is_empty() {
        let (name, value, after) = cookie_v1(rest);
        rest = trim_start_matching(after, |byte| matches!(byte, b',' | b';') || is_space(byte));
        let flow = match (name.split_first(), previous) {
            (None, _) => continue,
            (Some((b'$', word)), Some(owner)) => {
                attribute.clear();
                attribute.extend_from_slice(b"$");
                attribute.extend_from_slice(owner);
                attribute.extend_from_slice(b"_");
                attribute.extend_from_slice(word);
                each(&attribute, value)
            }
            (Some((b'$', _)), None) => each(name, value),
            (Some(_), _) => {
                previous = Some(name);
                each(name, value)
            }
        };
        if flow.is_break() {
            return;
        }
    }
}

/// One cookie of version 1 from the start of `text`: its name, its value and what follows.
fn cookie_v1(text: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let text = trim_start(text);
    let Some((name, from)) = split_before(text, |byte| matches!(byte, b'=' | b';' | b',')) else {
        return (trim_end(text), &[], &[]);
    };
    let name = trim_end(name);
    let after = match from {
        [b'=', after @ ..] => trim_start(after),
        [_, after @ ..] => return (name, &[], after),
        [] => return (name, &[], &[]),
    };
    match after {
        // What stands between the closing quote and the next separator is read as the next cookie.
        [b'"', quoted @ ..] => {
            let (value, after) = split_at(quoted, |byte| byte == b'"').unwrap_or((quoted, &[]));
            (name, value, after)
        }
        _ => {
            let (value, after) = split_at(after, |byte| matches!(byte, b',' | b';')).unwrap_or((after, &[]));
            (name, trim_end(value), after)
        }
    }
}

/// `,` for a header such as `a=1, b=2`, otherwise `;`.
fn guess_separator(header: &[u8]) -> u8 {
    let comma =
        || header.split(|&byte| byte == b',').nth(1).is_some_and(|after| after.first() == Some(&b' '));
    if memchr(b';', header).is_none() && comma() { b',' } else { b';' }
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    trim_start_matching(bytes, is_space)
}

fn trim_start_matching(mut bytes: &[u8], strip: impl Fn(u8) -> bool) -> &[u8] {
    while let Some((&byte, rest)) = bytes.split_first()
        && strip(byte)
    {
        bytes = rest;
    }
    bytes
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let Some((&byte, rest)) = bytes.split_last()
        && is_space(byte)
    {
        bytes = rest;
    }
    bytes
}

/// Splits before the first byte that `at` accepts.
fn split_before(bytes: &[u8], at: impl Fn(u8) -> bool) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(bytes.iter().position(|&byte| at(byte))?)
}

/// Splits around the first byte that `at` accepts.
fn split_at(bytes: &[u8], at: impl Fn(u8) -> bool) -> Option<(&[u8], &[u8])> {
    let (before, from) = split_before(bytes, at)?;
    Some((before, from.get(1..)?))
}
