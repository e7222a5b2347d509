//! Counting what a corpus runner did: what passed, what failed, what is known to differ and still does.
//!
//! ```text
//! failed containsWord#1f3a9c2e (case 11): matches, expected no match
//! corpus secrules-language-tests (operators): ran 3953, passed 3953, failed 0, skipped 2
//! ```
//!
//! Every runner of public test data reports through a [`Suite`], whether `cargo test` or `cargo xtask corpus` started
//! it: the last line is what the latter adds up. A skip list holds lines of a case id and the reason, `#` for comments.
//! A listed case is run all the same and must fail, so that no line outlives its reason; one that the folder does not
//! hold is no error, because other cases of the same suites can be put in its place. For the same reason the ids of
//! cases that have no name of their own come from their content ([`content_id`]) and not from their position.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// Marks the line that `cargo xtask corpus` reads.
pub const MARK: &str = "corpus ";

/// A part of a corpus while it is run.
#[derive(Debug)]
pub struct Suite {
    name: String,
    skips: BTreeMap<String, String>,
    passed: usize,
    skipped: usize,
    failures: Vec<String>,
}

impl Suite {
    /// Begins the suite of a corpus, named as its folder, or of a part of it in parentheses.
    ///
    /// # Panics
    /// When a line of the skip list has no reason, or an id stands there twice.
    #[must_use]
    pub fn new(name: &str, skips: &str) -> Self {
        let mut known = BTreeMap::new();
        for line in skips.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (id, reason) = line
                .split_once(char::is_whitespace)
                .unwrap_or_else(|| panic!("{name}: no reason in `{line}`"));
            let before = known.insert(id.to_owned(), reason.trim().to_owned());
            assert!(before.is_none(), "{name}: {id} is listed twice");
        }
        Self { name: name.to_owned(), skips: known, passed: 0, skipped: 0, failures: Vec::new() }
    }

    /// Whether a case is listed as one that differs.
    #[must_use]
    pub fn lists(&self, id: &str) -> bool {
        self.skips.contains_key(id)
    }

    /// Counts a case. `place` helps a person to find it (its number, its title).
    pub fn case(&mut self, id: &str, place: &str, outcome: Result<(), String>) {
        match (outcome, self.skips.get(id)) {
            (Ok(()), None) => self.passed += 1,
            (Err(_), Some(_)) => self.skipped += 1,
            (Ok(()), Some(reason)) => {
                self.failures
                    .push(format!("{id} ({place}): passes, but is listed as one that fails: {reason}"));
            }
            (Err(why), None) => self.failures.push(format!("{id} ({place}): {why}")),
        }
    }

    /// Prints the failures and the counts.
    ///
    /// # Panics
    /// When a case failed or none was run.
    pub fn finish(self) {
        let failed = self.failures.len();
        let mut text = String::new();
        for failure in &self.failures {
            let _ = writeln!(text, "failed {failure}");
        }
        let ran = self.passed + failed;
        let Self { name, passed, skipped, .. } = self;
        println!("{text}{MARK}{name}: ran {ran}, passed {passed}, failed {failed}, skipped {skipped}");
        assert!(ran + skipped > 0, "{name}: no case was run");
        assert!(failed == 0, "{name}: {failed} cases failed");
    }
}

/// The id of a case without a name: its file and a hash of what it holds, `containsWord#1f3a9c2e`.
///
/// The members that `unstable` names (a number in the file) do not count.
#[must_use]
pub fn content_id(file: &str, case: &Value, unstable: &[&str]) -> String {
    let mut text = String::new();
    write_sorted(case, unstable, &mut text);
    bytes_id(file, text.as_bytes())
}

/// The id of a case that is bytes.
#[must_use]
pub fn bytes_id(file: &str, bytes: &[u8]) -> String {
    // FNV-1a: short, and equal on every machine.
    let hash =
        bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    format!("{file}#{hash:08x}")
}

/// JSON with its members in order of their names, whatever the order of the file.
fn write_sorted(value: &Value, left_out: &[&str], out: &mut String) {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> =
                members.iter().filter(|(name, _)| !left_out.contains(&name.as_str())).collect();
            out.push('{');
            for (name, member) in sorted {
                let _ = write!(out, "{}:", Value::from(name.as_str()));
                write_sorted(member, &[], out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(elements) => {
            out.push('[');
            for element in elements {
                write_sorted(element, &[], out);
                out.push(',');
            }
            out.push(']');
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_follow_the_content_alone() {
        let id = content_id("a", &json!({"n": 1, "x": [1, {"b": 2, "a": 3}]}), &["n"]);
        assert_eq!(id, content_id("a", &json!({"x": [1, {"a": 3, "b": 2}], "n": 7}), &["n"]));
        assert_ne!(id, content_id("a", &json!({"x": [1, {"a": 3, "b": 4}]}), &["n"]));
    }

    #[test]
    fn counts_what_differs_as_skipped() {
        let mut suite = Suite::new("some", "# comment\n\na#1 decided otherwise\nb#2 not here\n");
        suite.case("a#1", "", Err("differs".to_owned()));
        suite.case("c#3", "", Ok(()));
        assert!(suite.lists("b#2"));
        suite.finish();
    }

    #[test]
    #[should_panic(expected = "1 cases failed")]
    fn a_listed_case_may_not_pass() {
        let mut suite = Suite::new("some", "a#1 decided otherwise");
        suite.case("a#1", "", Ok(()));
        suite.finish();
    }

    #[test]
    #[should_panic(expected = "no case was run")]
    fn nothing_is_a_failure() {
        Suite::new("some", "").finish();
    }
}
