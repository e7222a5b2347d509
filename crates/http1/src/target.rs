//! The request target: its form, its authority, its path and query, and what httpd would refuse when it maps the path.
//!
//! `http://h:80/a/../..?x` with GET → [`Form::Absolute`], authority `h:80`, path `/a/../..`, query `x`, and
//! [`Deviation::AboveRoot`]. The path is judged but not changed: rules and origin get the bytes as they were sent.

use crate::bytes::Span;
use crate::deviation::Deviation;
use crate::host;

/// The form of a target (RFC 9112, 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// `/path?query`, or only `?query` as httpd allows.
    #[default]
    Origin,
    /// `scheme://authority/path?query`.
    Absolute,
    /// `host:port`, for CONNECT.
    Authority,
    /// `*`, for OPTIONS.
    Asterisk,
    /// None of them.
    Invalid,
}

/// The parts of a target, as spans into the raw head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Target {
    pub(crate) form: Form,
    /// The authority of an absolute `http` target: it replaces Host.
    pub(crate) authority: Option<Span>,
    /// The path; may be empty.
    pub(crate) path: Span,
    /// What follows the first `?`.
    pub(crate) query: Option<Span>,
}

/// Takes a target apart and notes its deviations.
pub(crate) fn analyse(raw: &[u8], method: &[u8], target: Span, mut note: impl FnMut(Deviation)) -> Target {
    let bytes = target.of(raw);
    note_bytes(bytes, &mut note);
    if method == b"CONNECT" {
        return connect(bytes, target, note);
    }
    let mut parts = match bytes.first() {
        Some(b'/' | b'?') => split_path(raw, target, Form::Origin),
        Some(b'*') if method == b"OPTIONS" && matches!(bytes.get(1), None | Some(b'?')) => {
            note(Deviation::AsteriskForm);
            return split_path(raw, target, Form::Asterisk);
        }
        _ => absolute(raw, target, &mut note),
    };
    if parts.form == Form::Invalid {
        note(Deviation::InvalidTarget);
        parts.path = target;
        return parts;
    }
    note_path(parts.path.of(raw), &mut note);
    parts
}

fn note_bytes(bytes: &[u8], note: &mut impl FnMut(Deviation)) {
    // One pass collects what occurs; nearly every target has none of it.
    let (mut high, mut odd) = (0u8, false);
    for &byte in bytes {
        high |= byte;
        odd |= matches!(byte, b'<' | b'>' | b'"' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'`' | b'#' | b' ');
    }
    if high & 0x80 != 0 {
        note(Deviation::NonAsciiTarget);
    }
    if odd {
        if bytes.contains(&b'#') {
            note(Deviation::Fragment);
        }
        if bytes.iter().any(|b| b"<>\"{}|\\^`".contains(b)) {
            note(Deviation::UnsafeTargetByte);
        }
    }
}

fn connect(bytes: &[u8], target: Span, mut note: impl FnMut(Deviation)) -> Target {
    let colon = bytes.iter().rposition(|&b| b == b':');
    let port = colon.and_then(|at| bytes.get(at + 1..)).unwrap_or_default();
    if port.is_empty() || !host::is_valid_authority(bytes) {
        note(Deviation::InvalidTarget);
        return Target { form: Form::Invalid, path: target, ..Target::default() };
    }
    note(Deviation::AuthorityForm);
    Target { form: Form::Authority, authority: Some(target), path: Span::default(), query: None }
}

fn absolute(raw: &[u8], target: Span, note: &mut impl FnMut(Deviation)) -> Target {
    let invalid = Target { form: Form::Invalid, ..Target::default() };
    let bytes = target.of(raw);
    let Some((scheme, rest)) = split_scheme(bytes) else { return invalid };
    if !rest.is_empty() && !matches!(rest.first(), Some(b'/' | b'?')) {
        return invalid;
    }
    note(Deviation::AbsoluteForm);
    let is_http = scheme.eq_ignore_ascii_case(b"http");
    if !is_http && !scheme.eq_ignore_ascii_case(b"https") {
        note(Deviation::UnknownScheme);
    }
    let start = target.end as usize - rest.len();
    let Some(after) = rest.strip_prefix(b"//") else {
        // `http:/path` and `http:`: a scheme without authority, which httpd reads as the path alone.
        return split_path(raw, Span::new(start, target.end as usize), Form::Absolute);
    };
    let length = after.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(after.len());
    let authority = Span::new(start + 2, start + 2 + length);
    if !host::is_valid_authority(authority.of(raw)) {
        note(Deviation::InvalidHost);
    }
    let mut parts = split_path(raw, Span::new(authority.end as usize, target.end as usize), Form::Absolute);
    parts.authority = is_http.then_some(authority);
    parts
}

fn split_scheme(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = bytes.iter().position(|&b| b == b':')?;
    let (scheme, rest) = bytes.split_at_checked(colon)?;
    let (first, others) = scheme.split_first()?;
    let ok = first.is_ascii_alphabetic()
        && others.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    // The colon is there: `rest` starts with it.
    if ok { Some((scheme, rest.get(1..)?)) } else { None }
}

fn split_path(raw: &[u8], span: Span, form: Form) -> Target {
    let bytes = span.of(raw);
    let (start, end) = (span.start as usize, span.end as usize);
    match memchr::memchr(b'?', bytes) {
        Some(at) => Target {
            form,
            authority: None,
            path: Span::new(start, start + at),
            query: Some(Span::new(start + at + 1, end)),
        },
        None => Target { form, authority: None, path: span, query: None },
    }
}

/// What httpd refuses when it decodes and normalises the path.
fn note_path(path: &[u8], note: &mut impl FnMut(Deviation)) {
    if memchr::memchr(b'%', path).is_some() {
        note_escapes(path, note);
    }
    if memchr::memchr(b'.', path).is_some() || memchr::memchr(b'%', path).is_some() {
        note_climb(path, note);
    }
}

fn note_escapes(path: &[u8], note: &mut impl FnMut(Deviation)) {
    for at in memchr::memchr_iter(b'%', path) {
        match path.get(at + 1..at + 3) {
            Some(b"00") => note(Deviation::NulEscape),
            Some([b'2', b'f' | b'F']) => note(Deviation::EncodedSlash),
            Some([a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {}
            _ => note(Deviation::InvalidEscape),
        }
    }
}

/// Dot segments, plain or encoded; empty segments count nothing, `..;x` is an ordinary segment (as in httpd).
fn note_climb(path: &[u8], note: &mut impl FnMut(Deviation)) {
    let mut depth = 0usize;
    for segment in path.split(|&b| b == b'/') {
        match dots(segment) {
            Some(0 | 1) => {}
            Some(_) => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => {
                    note(Deviation::AboveRoot);
                    return;
                }
            },
            None => depth += 1,
        }
    }
}

/// How many dots a segment consists of: 0 (empty), 1 or 2; `None` when it is anything else.
fn dots(mut segment: &[u8]) -> Option<u8> {
    let mut count = 0;
    while !segment.is_empty() {
        segment = match segment {
            [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] if count < 2 => rest,
            _ => return None,
        };
        count += 1;
    }
    Some(count)
}
