//! A difference in the form of `diff -u` as lines with their class and number.
//!
//! `@@ -1,2 +1,2 @@`, ` a`, `-b`, `+c` → context 1, removed 2, added 2. Numbers are those of the new text, for removed lines
//! those of the old one.

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiffLine {
    /// `add`, `del`, `at` or nothing.
    pub(crate) class: &'static str,
    /// Its number; empty for headings.
    pub(crate) number: String,
    /// Sign, blank and text.
    pub(crate) text: String,
}

/// Most lines that are shown of one file; a diff of a whole rule set is not read line by line.
const MOST_LINES: usize = 2000;

/// The lines of one file's difference, without the two lines of names.
pub(crate) fn lines(diff: &str) -> Vec<DiffLine> {
    let (mut old, mut new) = (0u64, 0u64);
    let mut shown = Vec::new();
    let mut left_out = 0;
    for line in diff.lines().filter(|line| !line.starts_with("--- ") && !line.starts_with("+++ ")) {
        let (class, number, text) = if let Some(places) = line.strip_prefix("@@ ") {
            (old, new) = starts(places);
            ("at", String::new(), line.to_owned())
        } else if let Some(text) = line.strip_prefix('+') {
            new += 1;
            ("add", (new - 1).to_string(), format!("+ {text}"))
        } else if let Some(text) = line.strip_prefix('-') {
            old += 1;
            ("del", (old - 1).to_string(), format!("− {text}"))
        } else if let Some(text) = line.strip_prefix(' ') {
            (old, new) = (old + 1, new + 1);
            ("", (new - 1).to_string(), format!("  {text}"))
        } else {
            ("at", String::new(), line.to_owned())
        };
        if shown.len() < MOST_LINES {
            shown.push(DiffLine { class, number, text });
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        let text = format!("{left_out} lines more; `git show` has all of them");
        shown.push(DiffLine { class: "at", number: String::new(), text });
    }
    shown
}

/// `-3,4 +5,6 @@` → 3 and 5.
fn starts(places: &str) -> (u64, u64) {
    let mut numbers = places.split(' ').map(|place| {
        let place = place.trim_start_matches(['-', '+']);
        place.split(',').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    });
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_numbers() {
        let diff = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n";
        let shown: Vec<_> = lines(diff)
            .into_iter()
            .map(|line| format!("{}|{}|{}", line.class, line.number, line.text))
            .collect();
        assert_eq!(shown, ["at||@@ -1,2 +1,2 @@", "|1|  a", "del|2|− b", "add|2|+ c"]);
    }
}
