//! Byte classes, ranges into a buffer, and comma-separated lists: the vocabulary of every other module.
//!
//! `Span { start: 4, end: 5 }.of(b"GET / HTTP/1.1")` is `b"/"`. A span that does not fit its buffer yields the empty
//! slice, so no arithmetic mistake can panic on what a client sent.

/// A range of bytes in a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

impl Span {
    /// A span from positions in a buffer. Heads are limited far below 4 GiB; larger positions saturate.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
    }

    /// The bytes it names in `buffer`.
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        buffer.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether it names no byte.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }
}

/// The bytes of a token (RFC 9110, 5.6.2): methods and field names are made of them.
#[allow(clippy::indexing_slicing, reason = "it is evaluated by the compiler")]
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric()
            || matches!(
                byte as u8,
                b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            );
        byte += 1;
    }
    table
};

/// Whether `bytes` is a non-empty token. Without early exit: nearly every name is one.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    let is_token_byte = |byte: u8| TOKEN.get(usize::from(byte)).copied().unwrap_or(false);
    bytes.iter().fold(!bytes.is_empty(), |all, &byte| all & is_token_byte(byte))
}

/// Space or tab.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A control byte that has no place in a head: all below 0x20 but tab, and DEL.
pub(crate) fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

/// Whether any byte is a control byte. Written without early exit so that the compiler vectorises it.
pub(crate) fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, &b| found | is_control(b))
}

/// `span` without blanks at both ends.
pub(crate) fn trim(buffer: &[u8], span: Span) -> Span {
    let bytes = span.of(buffer);
    let Some(first) = bytes.iter().position(|&b| !is_blank(b)) else {
        return Span { start: span.start, end: span.start };
    };
    let last = bytes.iter().rposition(|&b| !is_blank(b)).unwrap_or(first);
    let start = span.start as usize;
    Span::new(start + first, start + last + 1)
}

/// `bytes` without blanks at both ends.
pub(crate) fn trimmed(bytes: &[u8]) -> &[u8] {
    trim(bytes, Span::new(0, bytes.len())).of(bytes)
}

/// The elements of a comma-separated list, blanks trimmed, empty ones kept: `close, ,X` → `close`, ``, `X`.
pub fn list_elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&b| b == b',').map(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_never_panic() {
        assert_eq!(Span::new(4, 5).of(b"GET /"), b"/");
        assert_eq!(Span::new(4, 9).of(b"GET /"), b"");
        assert_eq!(Span { start: 3, end: 1 }.of(b"GET /"), b"");
    }

    #[test]
    fn lists_keep_empty_elements() {
        let elements: Vec<_> = list_elements(b"close,\t ,X").collect();
        assert_eq!(elements, [&b"close"[..], b"", b"X"]);
        assert_eq!(trimmed(b" \t "), b"");
    }
}
