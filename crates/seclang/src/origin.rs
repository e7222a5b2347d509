//! Where decoded bytes came from: short run lists instead of one position per byte.
//!
//! `"a\"b"` read from offset 10 decodes to `a"b` with the runs `[(0, 11), (1, 13)]`: byte 0 stood at 11, bytes from 1 on
//! at 13 and following. A line without continuation or escape has one run, so the map costs next to nothing. Line
//! joining, `${VAR}` expansion and word splitting each compose these runs; [`crate::Word::span_of`] reads them.
//!
//! The runs ascend in the decoded offset. They need not ascend in the source offset by the same amount: the surplus
//! bytes of an expanded `${VAR}` all point at its closing brace.

use std::ops::Range;

/// Runs as [`crate::Word::origin`] describes them.
pub(crate) type Runs = Vec<(u32, u32)>;

/// Notes that decoded byte `decoded` (the next one to be written) comes from `source`.
pub(crate) fn push(runs: &mut Runs, decoded: usize, source: u32) {
    let decoded = decoded as u32;
    // Bytes at the end may have been taken back (a `\` before a line end), and their run with them.
    while runs.last().is_some_and(|(d, _)| *d > decoded) {
        runs.pop();
    }
    if let Some((d, s)) = runs.last_mut() {
        if *d == decoded {
            *s = source;
            return;
        }
        if *s + (decoded - *d) == source {
            return;
        }
    }
    runs.push((decoded, source));
}

/// The source offset of a decoded byte; `None` when the list is empty.
pub(crate) fn lookup(runs: &[(u32, u32)], decoded: usize) -> Option<u32> {
    let run = runs.partition_point(|(d, _)| *d as usize <= decoded).saturating_sub(1);
    runs.get(run).map(|(d, s)| s + (decoded as u32).saturating_sub(*d))
}

/// The source range of a decoded range; an empty one is where its first byte would stand.
pub(crate) fn range(runs: &[(u32, u32)], decoded: Range<usize>) -> Option<Range<u32>> {
    let start = lookup(runs, decoded.start)?;
    if decoded.is_empty() {
        // One past the byte before is nearer to what a reader points at than the far side of a continuation.
        let start = match decoded.start.checked_sub(1) {
            Some(before) => lookup(runs, before)? + 1,
            None => start,
        };
        return Some(start..start);
    }
    Some(start..(lookup(runs, decoded.end - 1)? + 1).max(start))
}

/// Appends the runs of `range` of one decoded text to those of another, whose next byte is `decoded`.
pub(crate) fn copy(runs: &mut Runs, decoded: usize, from: &[(u32, u32)], range: Range<usize>) {
    if range.is_empty() {
        return;
    }
    let first = from.partition_point(|(d, _)| *d as usize <= range.start).saturating_sub(1);
    for (d, s) in from.iter().skip(first).take_while(|(d, _)| (*d as usize) < range.end) {
        let skipped = (range.start as u32).saturating_sub(*d);
        push(runs, decoded + (*d as usize).saturating_sub(range.start), s + skipped);
    }
}
