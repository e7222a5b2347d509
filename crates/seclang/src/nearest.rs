//! Which known name was probably meant.
//!
//! `nearest("SecRul", ["SecRule", "SecAction"])` → `SecRule`. Whoever looks names up calls it for its "did you mean" line.
//! The distance counts insertions, deletions, replacements and swapped neighbours, ignoring ASCII case; at most a third
//! of the name's length may differ. Names above [`LONGEST`] bytes get no suggestion, so the cost per candidate is bounded.

/// Longest name that is compared, in bytes.
pub const LONGEST: usize = 64;

/// The candidate nearest to `name`, the first of equally near ones; `None` when none is near enough.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let allowed = (name.len() / 3).max(1);
    let near = candidates.filter(|candidate| candidate.len().abs_diff(name.len()) <= allowed);
    let measured = near.map(|candidate| (distance(name.as_bytes(), candidate.as_bytes()), candidate));
    // One-letter names are one change from everything; a change must leave something in common.
    let close = measured
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len().min(name.len()));
    close.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// Edits between two names (optimal string alignment).
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let same = x.eq_ignore_ascii_case(y);
            let mut cost = (last[j] + usize::from(!same)).min(last[j + 1] + 1).min(row[j] + 1);
            let swapped =
                i > 0 && j > 0 && x.eq_ignore_ascii_case(&b[j - 1]) && a[i - 1].eq_ignore_ascii_case(y);
            if swapped {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn suggests_what_is_near() {
        let names = ["SecRule", "SecAction", "SecRuleEngine", "SecMarker", "rx"];
        let ask = |name| nearest(name, names.into_iter());
        assert_eq!(ask("SecRul"), Some("SecRule"));
        assert_eq!(ask("secrule"), Some("SecRule"));
        assert_eq!(ask("SecRlue"), Some("SecRule"));
        assert_eq!(ask("SecRuleEngin"), Some("SecRuleEngine"));
        assert_eq!(ask("rxx"), Some("rx"));
        assert_eq!(ask("Location"), None);
        assert_eq!(ask("x"), None);
        assert_eq!(ask(""), None);
        assert_eq!(ask(&"SecRule".repeat(20)), None);
    }
}
