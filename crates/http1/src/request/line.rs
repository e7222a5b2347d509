//! The request line: `GET /a HTTP/1.1` → method, target, version.
//!
//! httpd wants exactly one blank between the three and nothing around them. A line that departs from that is still
//! taken apart at its blanks, so that rules see a method and a target, and noted as malformed.

use crate::bytes::{Span, has_control, is_token, trim};
use crate::deviation::Deviation;
use crate::lines::note_controls;

/// The parts of a request line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RequestLine {
    pub(crate) method: Span,
    pub(crate) target: Span,
    /// Empty in HTTP/0.9.
    pub(crate) version: Span,
    /// Major and minor number; (0, 9) without a version, (1, 1) for one that cannot be read.
    pub(crate) number: (u8, u8),
}

/// Takes the line apart and notes its deviations.
pub(crate) fn parse(raw: &[u8], line: Span, mut note: impl FnMut(Deviation)) -> RequestLine {
    let bytes = line.of(raw);
    if has_control(bytes) {
        note_controls(bytes, &mut note);
    }
    let mut parts = strict(raw, line).unwrap_or_else(|| {
        note(Deviation::MalformedRequestLine);
        lenient(raw, line)
    });
    if !is_token(parts.method.of(raw)) {
        note(Deviation::InvalidMethod);
    }
    parts.number = match parts.version.of(raw) {
        b"" => {
            // Only `GET /path` was a request in HTTP/0.9.
            note(if parts.method.of(raw) == b"GET" {
                Deviation::Http09
            } else {
                Deviation::MalformedRequestLine
            });
            (0, 9)
        }
        b"HTTP/1.1" => (1, 1),
        [b'H', b'T', b'T', b'P', b'/', major @ b'1'..=b'9', b'.', minor @ b'0'..=b'9'] => {
            let number = (major.wrapping_sub(b'0'), minor.wrapping_sub(b'0'));
            if number > (1, 1) {
                note(Deviation::NewerVersion);
            }
            number
        }
        _ => {
            note(Deviation::UnknownVersion);
            (1, 1)
        }
    };
    parts
}

/// `METHOD SP TARGET [SP [VERSION]]` without any other blank; httpd takes the single blank at the end of an HTTP/0.9
/// line for nothing.
fn strict(raw: &[u8], line: Span) -> Option<RequestLine> {
    let bytes = line.of(raw);
    let start = line.start as usize;
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | 0x0b | 0x0c);
    let first = bytes.iter().position(blank)?;
    let after = bytes.get(first + 1..)?;
    let length = after.iter().position(blank).unwrap_or(after.len());
    let behind = after.get(length..)?;
    let version = behind.get(1..).unwrap_or_default();
    let proper = bytes.get(first) == Some(&b' ')
        && first > 0
        && length > 0
        && matches!(behind.first(), None | Some(b' '))
        && !version.iter().any(blank);
    let target = start + first + 1;
    proper.then(|| RequestLine {
        method: Span::new(start, start + first),
        target: Span::new(target, target + length),
        version: Span::new(line.end as usize - version.len(), line.end as usize),
        number: (0, 9),
    })
}

/// First word, last word if it looks like a version or is the third one, and what stands between them.
fn lenient(raw: &[u8], line: Span) -> RequestLine {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | 0x0b | 0x0c);
    let bytes = line.of(raw);
    let base = line.start as usize;
    let first = bytes.iter().position(|b| !blank(b)).unwrap_or(bytes.len());
    let last = bytes.iter().rposition(|b| !blank(b)).map_or(first, |at| at + 1);
    let inner = bytes.get(first..last).unwrap_or_default();
    let method_end = first + inner.iter().position(blank).unwrap_or(inner.len());
    let rest = bytes.get(method_end..last).unwrap_or_default();
    let version_start = rest.iter().rposition(blank).map_or(last, |at| method_end + at + 1);
    let word = bytes.get(version_start..last).unwrap_or_default();
    let between = trim(raw, Span::new(base + method_end, base + version_start));
    let is_version = word.get(..5).is_some_and(|p| p.eq_ignore_ascii_case(b"HTTP/")) || !between.is_empty();
    let (target, version) = if is_version {
        (between, Span::new(base + version_start, base + last))
    } else {
        (trim(raw, Span::new(base + method_end, base + last)), Span::default())
    };
    RequestLine { method: Span::new(base + first, base + method_end), target, version, number: (0, 9) }
}
