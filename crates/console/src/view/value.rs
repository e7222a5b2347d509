//! A value on its way through transformations: which bytes one changed, and which an operator matched.
//!
//! `a%20b` → `a b`: `a`, ` ` (changed), `b`. Two values are walked side by side; where they differ, the nearest place at which both
//! go on alike is looked for within [`REACH`] bytes, so the work is linear. It is for reading: where nothing alike is near, the
//! rest counts as changed.

use super::printable;

/// How far a place at which both values go on alike is looked for.
const REACH: usize = 12;

/// A run of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// As text.
    pub(crate) text: String,
    /// A transformation wrote it.
    pub(crate) changed: bool,
    /// It stands in the match.
    pub(crate) matched: bool,
}

/// The runs of a value, compared with the one before it; `span` is what matched.
pub(crate) fn runs(before: Option<&[u8]>, now: &[u8], span: Option<(usize, usize)>, most: usize) -> Vec<Run> {
    let changed = before.map_or_else(|| vec![false; now.len()], |before| changes(before, now));
    let is_matched = |at: usize| span.is_some_and(|(start, end)| (start..end).contains(&at));
    let shown = now.len().min(most);
    let kind = |at: usize| (changed.get(at).copied().unwrap_or(false), is_matched(at));
    let mut runs = Vec::new();
    let mut start = 0;
    while start < shown {
        let this = kind(start);
        let end = (start..shown).find(|at| kind(*at) != this && is_boundary(now, *at)).unwrap_or(shown);
        let text = printable(now.get(start..end).unwrap_or_default(), most);
        runs.push(Run { text, changed: this.0, matched: this.1 });
        start = end;
    }
    if now.len() > shown {
        let text = format!(" … {} bytes more", now.len() - shown);
        runs.push(Run { text, changed: false, matched: false });
    }
    runs
}

/// Whether a character may begin here: a run that began within one would print its bytes as escapes.
fn is_boundary(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
}

/// For each byte of `now`, whether it is another than in `before`.
fn changes(before: &[u8], now: &[u8]) -> Vec<bool> {
    let mut changed = vec![false; now.len()];
    let (mut old, mut new) = (0, 0);
    while new < now.len() {
        if before.get(old) == now.get(new) {
            (old, new) = (old + 1, new + 1);
            continue;
        }
        let Some((skip_old, skip_new)) =
            alike(before.get(old..).unwrap_or_default(), now.get(new..).unwrap_or_default())
        else {
            changed.iter_mut().skip(new).for_each(|byte| *byte = true);
            break;
        };
        changed.iter_mut().skip(new).take(skip_new).for_each(|byte| *byte = true);
        (old, new) = (old + skip_old, new + skip_new);
    }
    changed
}

/// The fewest bytes to skip in both so that they go on alike, or end together.
fn alike(old: &[u8], new: &[u8]) -> Option<(usize, usize)> {
    let pairs = (1..=REACH).flat_map(|sum| (0..=sum).map(move |skip_new| (sum - skip_new, skip_new)));
    let mut pairs = pairs.filter(|(skip_old, skip_new)| *skip_old <= old.len() && *skip_new <= new.len());
    pairs.find(|(skip_old, skip_new)| old.get(*skip_old) == new.get(*skip_new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, now: &str, span: Option<(usize, usize)>) -> String {
        let runs = runs(Some(before.as_bytes()), now.as_bytes(), span, 1000);
        let one = |run: Run| {
            let text = if run.changed { format!("[{}]", run.text) } else { run.text };
            if run.matched { format!("<{text}>") } else { text }
        };
        runs.into_iter().map(one).collect()
    }

    #[test]
    fn what_a_transformation_wrote_is_marked() {
        assert_eq!(shown("a%20b%27c", "a b'c", None), "a[ ]b[']c");
        assert_eq!(shown("UNION", "union", None), "[union]");
        assert_eq!(shown("Search", "search", None), "[s]earch");
        assert_eq!(shown("a/**/b", "a b", None), "a[ ]b");
        assert_eq!(shown("same", "same", Some((1, 3))), "s<am>e");
        assert_eq!(shown("%41%", "A%", Some((0, 1))), "<[A]>%");
        assert_eq!(shown("", "x", None), "[x]");
        assert_eq!(shown("x", "", None), "");
    }

    #[test]
    fn long_values_are_cut_and_characters_stay_whole() {
        let runs = runs(None, "aü".repeat(10).as_bytes(), Some((2, 4)), 12);
        assert_eq!(runs.iter().map(|run| run.text.as_str()).collect::<String>(), "aüaüaüaü … 18 bytes more");
    }
}
