//! Cuts a head into lines as bytes arrive, and lines into fields: shared by requests, responses and trailers.
//!
//! `Host: h\r\nX: a\r\n b\r\n` → fields `Host` = `h`, `X` = `a b` (unfolded, [`Deviation::ObsFold`]). Every byte is
//! looked at once, however small the pieces in which it comes; feeding byte by byte gives the result of feeding whole.
//!
//! Lines end with LF; a CR before it belongs to the end. What is not exactly CRLF is a deviation, so a strict policy
//! sees it. A line counts as too long as soon as limit + 2 bytes have come without LF, as in httpd.

use crate::bytes::{Span, has_control, is_blank, is_token, trim};
use crate::deviation::Deviation;
use crate::field::{Field, Known};

/// Where the search for the next line end stands. Positions count from the first byte of the head.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LineCursor {
    /// Up to here no LF was found.
    scanned: usize,
    /// First byte of the current line.
    pub(crate) start: usize,
}

/// What a [`LineCursor`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// No line end yet.
    More,
    /// A line (without its end), and whether its end lacks the CR.
    Line(Span, bool),
    /// The line is longer than the limit; the span holds the part within it.
    Overlong(Span),
}

impl LineCursor {
    /// Finds the next line in `head`, which starts where it did last time and may have grown.
    pub(crate) fn next(&mut self, head: &[u8], limit: usize) -> Cut {
        let longest = limit.saturating_add(2);
        let fresh = head.get(self.scanned..).unwrap_or_default();
        let Some(found) = memchr::memchr(b'\n', fresh) else {
            self.scanned = head.len();
            if head.len().saturating_sub(self.start) > longest {
                return Cut::Overlong(Span::new(self.start, self.start + longest));
            }
            return Cut::More;
        };
        let end = self.scanned + found;
        if end - self.start > longest {
            return Cut::Overlong(Span::new(self.start, self.start + longest));
        }
        let start = self.start;
        self.scanned = end + 1;
        self.start = end + 1;
        let line = head.get(start..end).unwrap_or_default();
        match line.strip_suffix(b"\r") {
            Some(text) => Cut::Line(Span::new(start, start + text.len()), false),
            None => Cut::Line(Span::new(start, end), true),
        }
    }
}

/// The header fields of a head, reused between messages.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) list: Vec<Field>,
    /// Values of folded fields.
    pub(crate) unfolded: Vec<u8>,
    /// Bytes of the field being read, for the limit that covers its continuation lines.
    current: usize,
}

impl Fields {
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.unfolded.clear();
        self.current = 0;
    }

    /// The value of a field.
    pub(crate) fn value<'a>(&'a self, raw: &'a [u8], field: &Field) -> &'a [u8] {
        field.value.of(if field.folded { &self.unfolded } else { raw })
    }

    /// The values of all fields of a known name.
    pub(crate) fn values<'a>(&'a self, raw: &'a [u8], known: Known) -> impl Iterator<Item = &'a [u8]> {
        self.list.iter().filter(move |f| f.known == known).map(move |f| self.value(raw, f))
    }

    /// Reads one non-empty line of `raw`. A line that is no field is left out; `note` learns why.
    pub(crate) fn line(&mut self, raw: &[u8], line: Span, limit: usize, mut note: impl FnMut(Deviation)) {
        let bytes = line.of(raw);
        if has_control(bytes) {
            note_controls(bytes, &mut note);
        }
        if bytes.first().is_some_and(|&b| is_blank(b)) {
            self.continuation(raw, line, limit, note);
            return;
        }
        self.current = bytes.len();
        let Some(colon) = memchr::memchr(b':', bytes) else {
            note(Deviation::MissingColon);
            return;
        };
        let start = line.start as usize;
        let written = Span::new(start, start + colon);
        let name = trim(raw, written);
        if name != written {
            note(Deviation::SpaceBeforeColon);
        }
        let name_bytes = name.of(raw);
        if !is_token(name_bytes) {
            note(Deviation::InvalidNameByte);
        }
        let known = Known::of(name_bytes);
        if known == Known::Other && is_underscore_alias(name_bytes) {
            note(Deviation::UnderscoreAlias);
        }
        let value = trim(raw, Span::new(start + colon + 1, line.end as usize));
        self.list.push(Field { name, value, known, folded: false });
    }

    /// Joins a continuation line to the last field with one blank, as httpd does.
    fn continuation(&mut self, raw: &[u8], line: Span, limit: usize, mut note: impl FnMut(Deviation)) {
        let text = trim(raw, line);
        let Some(field) = self.list.last_mut() else {
            note(Deviation::FoldWithoutField);
            return;
        };
        note(if text.is_empty() { Deviation::BlankFold } else { Deviation::ObsFold });
        self.current += line.len() + 1;
        // httpd refuses a folded field from the limit on, a plain one only two bytes later.
        if self.current >= limit {
            note(Deviation::OverlongField);
            return;
        }
        let start = if field.folded {
            field.value.start as usize
        } else {
            let start = self.unfolded.len();
            self.unfolded.extend_from_slice(field.value.of(raw));
            start
        };
        if self.unfolded.len() > start {
            self.unfolded.push(b' ');
        }
        self.unfolded.extend_from_slice(text.of(raw));
        field.value = Span::new(start, self.unfolded.len());
        field.folded = true;
    }
}

/// Names the kinds of control bytes in a line.
pub(crate) fn note_controls(bytes: &[u8], note: &mut impl FnMut(Deviation)) {
    for &byte in bytes {
        match byte {
            0 => note(Deviation::Nul),
            b'\r' => note(Deviation::BareCr),
            0x01..=0x1f | 0x7f if byte != b'\t' => note(Deviation::ControlByte),
            _ => {}
        }
    }
}

/// `Transfer_Encoding` and `Content_Length` in any mixture of `-` and `_`.
fn is_underscore_alias(name: &[u8]) -> bool {
    let same = |framing: &[u8]| {
        name.len() == framing.len()
            && name.iter().zip(framing).all(|(&n, &f)| n.eq_ignore_ascii_case(&f) || (f == b'-' && n == b'_'))
    };
    same(b"transfer-encoding") || same(b"content-length")
}
