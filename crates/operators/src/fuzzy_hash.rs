//! `@fuzzyHash`: the value resembles one of the texts whose ssdeep digests a file lists.
//!
//! `@fuzzyHash malware.txt 60` matches a value whose digest scores 60 or more against a line of `malware.txt`. Lines are what
//! `ssdeep -b` prints (`96:…:…,"name"`); others, like its heading, are passed over. Reference Manual: `fuzzyHash`.

use crate::fuzzy_digest::Digest;
use crate::text::{argument_error, read_file};
use crate::{ArgumentError, Environment, Example, Failure, Hit, Kind, Operator, Test};

pub(crate) static OPERATOR: Operator = Operator {
    name: "fuzzyHash",
    aliases: &[],
    summary: "Matches values that resemble a text of which a file has the ssdeep digest.",
    expands_macros: false,
    needs_argument: true,
    examples: &[
        Example { argument: "digests.txt 90", value: EXAMPLE, matches: true },
        Example { argument: "digests.txt 90", value: b"something else", matches: false },
    ],
    kind: Kind::Pure(compile),
};

/// A text whose digest the file of the example has.
const EXAMPLE: &[u8] = b"The quick brown fox jumps over the lazy dog";

#[derive(Debug)]
struct FuzzyHash {
    file: String,
    threshold: u32,
    /// Each with its line.
    digests: Vec<(Digest, Vec<u8>)>,
}

fn compile(argument: &[u8], environment: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let argument = argument.trim_ascii();
    let space = argument.iter().rposition(u8::is_ascii_whitespace);
    let threshold = space.and_then(|space| std::str::from_utf8(&argument[space + 1..]).ok()?.parse().ok());
    let (Some(space), Some(threshold @ 1..=100)) = (space, threshold) else {
        return Err(ArgumentError {
            help: Some("write `@fuzzyHash FILE THRESHOLD`, a threshold from 1 to 100".to_owned()),
            ..argument_error("no threshold from 1 to 100 behind the file")
        });
    };
    let file = argument[..space].trim_ascii_end();
    let content = read_file("fuzzyHash", "ssdeep", file, environment)?;
    let lines = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let digests: Vec<_> = lines.filter_map(|line| Some((Digest::parse(line)?, line.to_vec()))).collect();
    let file = String::from_utf8_lossy(file).into_owned();
    if digests.is_empty() {
        return Err(argument_error(format!("there is no ssdeep digest in \"{file}\"")));
    }
    Ok(Box::new(FuzzyHash { file, threshold, digests }))
}

impl Test for FuzzyHash {
    fn test(&self, value: &[u8], _: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        let digest = Digest::of(value);
        let scores = self.digests.iter().map(|(known, line)| (known.compare(&digest), line));
        let Some((score, line)) = scores.into_iter().find(|(score, _)| *score >= self.threshold) else {
            return Ok(false);
        };
        hit.number = i64::from(score);
        hit.text.extend_from_slice(line);
        Ok(true)
    }

    fn message(&self, _: &[u8], hit: &Hit, name: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(b"Fuzzy hash of ");
        out.extend_from_slice(name);
        out.extend_from_slice(b" matched with ");
        out.extend_from_slice(&hit.text);
        out.extend_from_slice(format!(" (from: {}). Score: {}.", self.file, hit.number).as_bytes());
    }
}
