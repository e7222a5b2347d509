//! Logical lines: physical lines joined where a `\` stands before the line end, as httpd reads its configuration.
//!
//! `SecRule ARGS \⏎  "@rx x"` → the text `SecRule ARGS   "@rx x"` with a map back to the file. [`crate::parse`] and
//! [`crate::print`] pull lines from here one after the other; nothing is split or judged here.
//!
//! httpd's rules, all observed: the pieces are joined without adding a blank and leading blanks of a continued line are
//! kept; a carriage return before the line end is dropped; a blank after the `\` ends the line there; the test for the
//! `\` looks at the text joined *so far*, so the pair in `a\\⏎⏎b` joins two line ends; a `\` at the very end of a file
//! without line end stays. A comment is a line like any other, which is why one that ends in `\` swallows the next.
//!
//! Beyond httpd, as in Coraza: a line whose last word is a backtick goes on up to a line that ends with one, line ends included
//! (`SecDataset words \`⏎evil⏎\``). Without such a line it is an ordinary one.
//!
//! Limit: [`MAX_LINE`] bytes per logical line, httpd's own.

use std::ops::Range;

use crate::origin::{self, Runs};

/// Longest logical line in bytes (httpd's `VARBUF_MAX_LEN`); a longer one is reported and skipped.
pub const MAX_LINE: usize = 16 * 1024 * 1024;

/// Whether a line's last word is a backtick, and it is no comment and no tag.
fn opens_block(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let last = text.strip_suffix(b"`").and_then(<[u8]>::last);
    last.is_some_and(|byte| is_blank(*byte)) && !matches!(text.first(), Some(b'#' | b'<'))
}

/// C's `isspace` in the POSIX locale, which is what httpd splits at.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// One logical line; reused for the next one to save allocations.
#[derive(Debug, Default)]
pub(crate) struct LogicalLine {
    /// The joined bytes, blanks at both ends included.
    pub(crate) text: Vec<u8>,
    /// From offsets in `text` to offsets in the file.
    pub(crate) runs: Runs,
    /// `text` without blanks at both ends.
    pub(crate) content: Range<usize>,
    /// The number of the last physical line, from 1.
    pub(crate) last_line: u32,
    /// The physical lines in the file, without the last line end.
    pub(crate) raw: Range<u32>,
    /// The line was longer than [`MAX_LINE`] and `text` is only its beginning.
    pub(crate) overlong: bool,
}

impl LogicalLine {
    /// The text without blanks at both ends.
    pub(crate) fn trimmed(&self) -> &[u8] {
        &self.text[self.content.clone()]
    }

    /// The place of a range of `text`.
    pub(crate) fn source(&self, range: Range<usize>) -> Range<u32> {
        origin::range(&self.runs, range).unwrap_or(self.raw.start..self.raw.start)
    }

    /// Sets `content` from `text`.
    pub(crate) fn trim(&mut self) {
        let end = self.text.iter().rposition(|b| !is_blank(*b)).map_or(0, |i| i + 1);
        let start = self.text.iter().position(|b| !is_blank(*b)).unwrap_or(end);
        self.content = start..end;
    }

    fn append(&mut self, piece: &[u8], at: usize) {
        if self.text.len() + piece.len() > MAX_LINE {
            self.overlong = true;
        } else {
            origin::push(&mut self.runs, self.text.len(), at as u32);
            self.text.extend_from_slice(piece);
        }
    }

    /// Drops the last byte if it is `byte`.
    fn drop_last(&mut self, byte: u8) -> bool {
        let found = self.text.last() == Some(&byte);
        if found {
            self.text.pop();
        }
        found
    }
}

/// Reads logical lines off a file.
pub(crate) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    /// All lines of a file.
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Lines { text, at: 0, line: 0 }
    }

    /// The lines from offset `at` on; line numbers are not known then.
    pub(crate) fn starting_at(text: &'a [u8], at: u32) -> Self {
        Lines { text, at: at as usize, line: 0 }
    }

    /// Reads the next logical line into `out`; `false` at the end of the file.
    pub(crate) fn read(&mut self, out: &mut LogicalLine) -> bool {
        if self.at >= self.text.len() {
            return false;
        }
        out.text.clear();
        out.runs.clear();
        out.overlong = false;
        out.raw.start = self.at as u32;
        while self.read_physical(out) {}
        self.read_block(out);
        out.last_line = self.line;
        out.trim();
        true
    }

    /// Appends the lines of a block that the line so far opens: a backtick as its last word, up to a line that ends with one.
    fn read_block(&mut self, out: &mut LogicalLine) {
        let (Some(start), false) = (self.at.checked_sub(1), out.overlong) else { return };
        if self.text.get(start) != Some(&b'\n') || !opens_block(&out.text) {
            return;
        }
        let mut end = self.at;
        let mut lines = 0;
        for line in self.text[self.at..].split_inclusive(|byte| *byte == b'\n') {
            end += line.len();
            lines += 1;
            if line.trim_ascii_end().ends_with(b"`") {
                let content = self.text[..end].strip_suffix(b"\n").unwrap_or(&self.text[..end]).len();
                out.append(&self.text[start..content], start);
                out.raw.end = content as u32;
                self.at = end;
                self.line += lines;
                return;
            }
        }
    }

    /// Appends one physical line; `true` when the next one belongs to it.
    fn read_physical(&mut self, out: &mut LogicalLine) -> bool {
        self.line += 1;
        let rest = &self.text[self.at..];
        let end = memchr::memchr(b'\n', rest);
        let piece = &rest[..end.unwrap_or(rest.len())];
        out.append(piece, self.at);
        self.at += piece.len();
        out.raw.end = self.at as u32;
        if end.is_none() {
            return false;
        }
        self.at += 1;
        if out.overlong {
            return piece.strip_suffix(b"\r").unwrap_or(piece).ends_with(b"\\");
        }
        out.drop_last(b'\r');
        out.drop_last(b'\\')
    }
}
