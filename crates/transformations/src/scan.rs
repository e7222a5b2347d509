//! The passes that most transformations share: find the first byte that matters, copy what lies between.
//!
//! `rewrite("a+b", …)` with a search for `+` and a step that writes a blank leaves `a b` in the buffer. The search runs
//! before anything is copied, so a value without the byte costs one pass of wide comparisons and no write.
//! The bet is that the bytes that matter are rare; when every byte is one, a search costs a block of 32 each time,
//! which is still linear.

use crate::Outcome;

/// The position of the first byte that is wanted. Blocks are tested without branches so that the compiler can widen them.
pub(crate) fn first(input: &[u8], wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let mut rest = input;
    while let Some((block, tail)) = rest.split_first_chunk::<32>() {
        if block.iter().fold(false, |hit, &byte| hit | wanted(byte)) {
            break;
        }
        rest = tail;
    }
    let passed = input.len() - rest.len();
    rest.iter().position(|&byte| wanted(byte)).map(|at| passed + at)
}

/// The first position with a wanted byte from which on the rest passes `confirm`.
pub(crate) fn first_confirmed(
    input: &[u8],
    wanted: impl Fn(u8) -> bool,
    confirm: impl Fn(&[u8]) -> bool,
) -> Option<usize> {
    let mut rest = input;
    while let Some(at) = first(rest, &wanted) {
        let (_, here) = rest.split_at(at);
        if confirm(here) {
            return Some(input.len() - here.len());
        }
        rest = here.get(1..).unwrap_or_default();
    }
    None
}

/// Copies the input to the buffer and hands every place that `find` reports to `step`, which gets the rest from there
/// on, writes what stands for its beginning and says how many bytes that is (at least 1). Answers whether there was
/// such a place; if not, the buffer is untouched.
pub(crate) fn rewrite(
    input: &[u8],
    out: &mut Vec<u8>,
    find: impl Fn(&[u8]) -> Option<usize>,
    mut step: impl FnMut(&[u8], &mut Vec<u8>) -> usize,
) -> bool {
    let Some(at) = find(input) else { return false };
    out.clear();
    out.reserve(input.len());
    let (mut rest, mut next) = (input, Some(at));
    while let Some(at) = next {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let used = step(special, out).max(1);
        rest = special.get(used..).unwrap_or_default();
        next = find(rest);
    }
    out.extend_from_slice(rest);
    true
}

/// The outcome of a transformation that wrote its result and knows what ModSecurity reports.
pub(crate) fn outcome(input: &[u8], out: &mut Vec<u8>, reported: bool) -> Outcome {
    if reported {
        Outcome::Changed
    } else if out == input {
        out.clear();
        Outcome::Unchanged
    } else {
        Outcome::Quiet
    }
}

/// The outcome of a transformation of which ModSecurity reports a change only when the length differs.
pub(crate) fn outcome_by_length(input: &[u8], out: &mut Vec<u8>) -> Outcome {
    let reported = out.len() != input.len();
    outcome(input, out, reported)
}
