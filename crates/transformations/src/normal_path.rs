//! The byte procedure behind `normalizePath` and `normalizePathWin`.
//!
//! `/a/./b/../c//d` → `/a/c/d`. Both transformations call it; Windows also takes `\` for a separator. It follows the
//! steps of ModSecurity rather than the idea of a path, because filters have to agree on odd input: any segment that
//! *ends* in `..` is a back reference (`/x/a../b` → `/x/b`). It does not decode, know drives or look at NUL.
//! Every byte is written at most once and cut off at most once, so backing up stays linear.
//! Reference Manual: `normalizePath`.

use crate::{ByteSet, Outcome, scan};

/// Whether no value of these bytes can be altered: there is no separator and no dot.
pub(crate) const fn preserves(bytes: &ByteSet, windows: bool) -> bool {
    let special = bytes.contains(b'/') || bytes.contains(b'.') || (windows && bytes.contains(b'\\'));
    !special
}

/// Writes the normal form of a path.
pub(crate) fn normalize(input: &[u8], windows: bool, out: &mut Vec<u8>) -> Outcome {
    let (Some(start), [first, .., last] | [first @ last]) = (first_oddity(input, windows), input) else {
        return Outcome::Unchanged;
    };
    out.clear();
    out.reserve(input.len());
    out.extend_from_slice(input.split_at(start).0);
    let relative = !is_separator(*first, windows);
    let mut walk =
        Walk { input, windows, relative, at: start, converted: start, hit_root: false, changed: false, out };
    while walk.at < input.len() && walk.segment_end() {
        walk.copy();
    }
    let changed = walk.changed;
    if !is_separator(*last, windows) && out.last() == Some(&b'/') {
        out.pop();
    }
    scan::outcome(input, out, changed)
}

const fn is_separator(byte: u8, windows: bool) -> bool {
    byte == b'/' || windows && byte == b'\\'
}

/// Where the path first departs from its normal form: a doubled separator, a segment that ends in a dot, a backslash.
fn first_oddity(input: &[u8], windows: bool) -> Option<usize> {
    let wanted = |byte| byte == b'.' || is_separator(byte, windows);
    scan::first_confirmed(input, wanted, |here| match *here {
        [b'.'] | [b'\\', ..] => true,
        [_, next, ..] => is_separator(next, windows),
        _ => false,
    })
}

struct Walk<'a> {
    input: &'a [u8],
    windows: bool,
    /// The input does not begin with a separator.
    relative: bool,
    at: usize,
    /// ModSecurity converts backslashes up to here: one byte beyond the one it looks at.
    converted: usize,
    /// A relative path is above its start, so further back references stay.
    hit_root: bool,
    /// What ModSecurity would report.
    changed: bool,
    out: &'a mut Vec<u8>,
}

/// What a dot at the end of a segment turned out to be.
enum Reference {
    /// Part of the text: it is copied.
    Text,
    /// Dropped; the separator behind it comes next.
    Dropped,
    /// Dropped, and it was the end of the input.
    Final,
}

impl Walk<'_> {
    /// The input byte at a position, a backslash read as a separator on Windows.
    fn byte(&self, at: usize) -> Option<u8> {
        self.input.get(at).map(|&byte| if self.windows && byte == b'\\' { b'/' } else { byte })
    }

    fn is_backslash(&self, at: usize) -> bool {
        self.windows && self.input.get(at) == Some(&b'\\')
    }

    /// Looks at the byte as the possible end of a segment; `false` when the path is complete.
    fn segment_end(&mut self) -> bool {
        self.converted = self.at + 1;
        let (here, next) = (self.byte(self.at), self.byte(self.at + 1));
        self.changed |= self.is_backslash(self.at) || self.is_backslash(self.at + 1);
        match (here, next) {
            (Some(b'/'), Some(b'/')) => self.changed = true,
            (Some(b'.'), None | Some(b'/')) => {
                return !matches!(self.reference(next.is_none()), Reference::Final);
            }
            (_, None | Some(b'/')) if !self.out.is_empty() => self.hit_root = false,
            _ => {}
        }
        true
    }

    /// Resolves a dot that ends a segment.
    fn reference(&mut self, is_last: bool) -> Reference {
        let kind = match self.out.last() {
            Some(b'.') if self.relative && (self.hit_root || self.out.len() <= 2) => {
                self.hit_root = true;
                Reference::Text
            }
            Some(b'.') => {
                self.back_up(is_last);
                // ModSecurity forgets to report a back reference at the very end.
                self.changed |= !is_last;
                Reference::Dropped
            }
            None => {
                self.changed = true;
                Reference::Dropped
            }
            Some(b'/') => {
                self.changed = true;
                if !is_last {
                    self.out.pop();
                }
                Reference::Dropped
            }
            Some(_) => Reference::Text,
        };
        match kind {
            Reference::Dropped if is_last => Reference::Final,
            Reference::Dropped => {
                self.at += 1;
                kind
            }
            _ => kind,
        }
    }

    /// Cuts off the segment before a back reference together with the separator before it.
    fn back_up(&mut self, is_last: bool) {
        // The dot that is already written, the separator before it and one byte more go in any case.
        let candidates = self.out.split_at(self.out.len().saturating_sub(2)).0;
        let length = candidates.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        if length > 0 {
            self.out.truncate(length);
            return;
        }
        self.hit_root = true;
        self.out.truncate(usize::from(!self.relative && is_last));
    }

    /// Copies one byte, or the last separator of a run.
    fn copy(&mut self) {
        let start = self.at;
        let mut byte = self.byte(start);
        if byte == Some(b'/') {
            let tail = self.input.get(start + 1..).unwrap_or_default();
            let run = tail.iter().take_while(|&&byte| is_separator(byte, self.windows)).count();
            self.changed |= run > 0;
            self.at += run;
            // A backslash that ends the run is copied as it is when it was not converted before.
            if self.at > self.converted {
                byte = self.input.get(self.at).copied();
            }
            if self.relative && self.out.is_empty() {
                self.at += 1;
                return;
            }
        }
        self.out.extend(byte);
        self.at += 1;
    }
}
