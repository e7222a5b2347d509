//! `@pmFromFile`: one of the phrases of the files occurs in the value.
//!
//! `@pmFromFile words.txt more.txt` reads a phrase per line: trimmed, inner blanks kept, quotes kept, `|hex|` and escapes
//! converted unless that fails; empty lines and lines that begin with `#` are skipped, and so are phrases of one byte,
//! which ModSecurity leaves out here though not in `@pm`. A line counts up to its 8 KiB.
//! Search and report are those of `@pm`. Whether a `https://` argument can be read is up to the environment.
//! Reference Manual: `pmFromFile`.

use crate::phrases::Phrases;
use crate::text::read_file;
use crate::{ArgumentError, Environment, Example, Kind, Operator, Test, content};

/// Longer lines are cut here, as the reference's line buffer does.
const LINE: usize = 8190;

pub(crate) static OPERATOR: Operator = Operator {
    name: "pmFromFile",
    aliases: &["pmf"],
    summary: "Matches values that contain one of the phrases of a file, without regard to case.",
    expands_macros: false,
    needs_argument: true,
    examples: &[
        Example { argument: "phrases.txt", value: b"an Evil Phrase", matches: true },
        Example { argument: "phrases.txt", value: b"a # comment", matches: false },
    ],
    kind: Kind::Pure(compile),
};

fn compile(argument: &[u8], environment: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let mut phrases = Vec::new();
    let names = argument.split(|byte| matches!(byte, b' ' | 0x09..=0x0d)).filter(|name| !name.is_empty());
    for name in names {
        let content = read_file("pmFromFile", "phrase", name, environment)?;
        phrases.extend(content.split(|byte| *byte == b'\n').filter_map(phrase));
    }
    Ok(Box::new(Phrases::new(phrases)?))
}

/// The phrase of a line, if it has one.
fn phrase(line: &[u8]) -> Option<Vec<u8>> {
    let line = trim(&line[..line.len().min(LINE)]);
    if line.is_empty() || line[0] == b'#' {
        return None;
    }
    let phrase = if line.starts_with(b"\"") { line.to_vec() } else { converted(line) };
    let phrase = trim(&phrase);
    (phrase.len() > 1).then(|| phrase.to_vec())
}

fn converted(line: &[u8]) -> Vec<u8> {
    content::parse(line).unwrap_or_else(|_| line.to_vec())
}

fn trim(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | 0x09..=0x0d);
    let start = text.iter().take_while(|byte| blank(byte)).count();
    let end = text.len() - text[start..].iter().rev().take_while(|byte| blank(byte)).count();
    &text[start..end]
}

#[cfg(test)]
mod tests {
    use super::phrase;

    #[test]
    fn reads_lines() {
        for (line, expected) in [
            ("  x q \r", Some("x q")),
            ("#c", None),
            ("  # d", None),
            ("", None),
            ("|41|b", Some("Ab")),
            ("\"q\"", Some("\"q\"")),
            ("a\\qb", Some("a\\qb")),
            ("|20|", None),
            ("x", None),
            ("|2041|", None),
            ("foo #bar", Some("foo #bar")),
        ] {
            assert_eq!(phrase(line.as_bytes()).as_deref(), expected.map(str::as_bytes), "{line}");
        }
    }
}
