//! The one template expression that test bodies use: a long run of the same text.
//!
//! `{{ "1" | repeat 3 }}` and `{{ repeat 3 "1" }}` become `111`. The reference runner evaluates a whole template
//! language here; every other `{{ … }}` (template injection is an attack that tests send) stays as written.

use regex::{Captures, Regex};
use std::sync::LazyLock;

/// No test needs a longer body; more is a typing error, not a request for memory.
const LONGEST: usize = 64 << 20;

static REPEAT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\{\{-?\s*(?:"([^"]*)"\s*\|\s*repeat\s+(\d+)|repeat\s+(\d+)\s+"([^"]*)")\s*-?\}\}"#)
        .expect("a constant pattern")
});

/// The text with its repetitions written out.
pub fn expand(text: &str) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    let written = REPEAT.replace_all(text, |found: &Captures<'_>| {
        let piece = found.get(1).or(found.get(4)).map_or("", |m| m.as_str());
        let count = found.get(2).or(found.get(3)).and_then(|m| m.as_str().parse().ok()).unwrap_or(usize::MAX);
        match piece.len().checked_mul(count) {
            Some(length) if length <= LONGEST => piece.repeat(count),
            _ => found[0].to_owned(),
        }
    });
    written.into_owned()
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn repetitions_are_written_out_and_nothing_else() {
        assert_eq!(expand(r#"a{{ "1" | repeat 3 }}b{{repeat 2 "xy"}}"#), "a111bxyxy");
        for same in [
            "{{constructor.constructor('alert(1)')()}}",
            "{{7*7}}",
            r#"{{ "a" | repeat 99999999999999999999 }}"#,
        ] {
            assert_eq!(expand(same), same);
        }
    }
}
