//! The operators of the public rule sets, on values made from their expressions and on the attacks of their tests.

use std::collections::BTreeSet;
use std::path::Path;

use portcullis_operators::{Environment, Kind, Shape, Test};
use portcullis_testkit::corpus;

use super::random::Random;
use super::{Named, check_operators, expressions, pairs};
use crate::screen::condition::Condition;
use crate::screen::rarity::Rarity;
use crate::screen::scanner::{Findings, Scanner};

const FOLDERS: [&str; 3] = ["crs-v2", "crs-v3", "crs-v4"];

/// An operator, where it is a pure function of the value; its files are in `folder`.
pub fn compile(operator: &str, argument: &[u8], folder: &Path) -> Option<Box<dyn Test>> {
    let read_file = |name: &str| std::fs::read(folder.join(name)).map_err(|error| error.to_string());
    let environment = Environment { read_file: &read_file, match_limit: 1000, has_macros: false };
    match portcullis_operators::find(operator)?.kind {
        Kind::Pure(compile) => compile(argument, &environment).ok(),
        Kind::Dataset(_) | Kind::External(_) => None,
    }
}

/// Every expression and every phrase file of a rule set, and a few of the other operators.
fn operators(folder: &Path) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut add = |name: String, operator: &str, argument: &[u8], folder: &Path| {
        let test = compile(operator, argument, folder);
        found.extend(test.map(|test| Named { name, argument: argument.to_vec(), test }));
    };
    for source in expressions::expressions(folder) {
        add(source.escape_ascii().to_string(), "rx", &source, folder);
    }
    for file in corpus::files(folder, "data").unwrap_or_default() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        add(name.clone(), "pmFromFile", name.as_bytes(), file.parent().unwrap());
    }
    let others = [
        ("pm", "jdbc: <script select"),
        ("contains", "/etc/"),
        ("beginsWith", "/admin"),
        ("endsWith", ".php"),
        ("streq", "POST"),
        ("strmatch", "W|65|bZIP"),
        ("containsWord", "union"),
        ("validateByteRange", "32-36,38-126"),
        ("validateUtf8Encoding", ""),
        ("validateUrlEncoding", ""),
    ];
    for (operator, argument) in others {
        add(format!("@{operator} {argument}"), operator, argument.as_bytes(), folder);
    }
    found
}

/// The texts of a rule set's own tests: every line that could be a value, as written and URL-decoded.
pub fn attacks(folder: &Path) -> Vec<Vec<u8>> {
    let mut found = BTreeSet::new();
    for file in corpus::files(folder, "yaml").unwrap_or_default() {
        let text = std::fs::read(file).unwrap();
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.trim_ascii();
            let value = line.windows(2).position(|two| two == b": ").map_or(line, |at| &line[at + 2..]);
            for part in value.split(|byte| matches!(byte, b'&' | b'?')) {
                let decoded = decode(part);
                found.insert(decoded.split(|byte| *byte == b'=').next_back().unwrap_or_default().to_vec());
                found.insert(decoded);
            }
        }
    }
    found.into_iter().collect()
}

fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        let hex = |digit: u8| char::from(digit).to_digit(16);
        match behind {
            [high, low, behind @ ..] if *byte == b'%' && hex(*high).is_some() && hex(*low).is_some() => {
                out.push((hex(*high).unwrap() * 16 + hex(*low).unwrap()) as u8);
                rest = behind;
            }
            _ => {
                out.push(if *byte == b'+' { b' ' } else { *byte });
                rest = behind;
            }
        }
    }
    out
}

#[test]
fn matches_of_rule_set_operators_are_candidates() {
    let rarity = Rarity::of_requests();
    let mut random = Random(0x0dd5_eed1);
    let mut findings = Findings::default();
    let attacks = corpus::folder("crs-v4").map(|folder| attacks(&folder)).unwrap_or_default();
    for folder in FOLDERS {
        let Some(folder) = corpus::folder(folder) else { continue };
        let all = operators(&folder);
        let total = all.len();
        let mut conditions = Vec::new();
        let mut operators = all;
        operators.retain(|operator| {
            let condition = Condition::of(&operator.test.shape(), &rarity);
            conditions.extend(condition.clone());
            condition.is_some()
        });
        let scanner = Scanner::new((0..).zip(&conditions), &rarity);
        let (mut tried, mut ruled_out) = (0, 0);
        let mut check = |value: &[u8]| {
            ruled_out += check_operators(&operators, &scanner, value, &mut findings);
            tried += operators.len();
            tried < pairs()
        };
        let goes_on = attacks.iter().all(|value| check(value));
        while goes_on
            && operators.iter().all(|operator| check(&value_for(operator.test.as_ref(), &mut random)))
        {
        }
        println!(
            "{}: {total} operators, {} with a condition, {tried} pairs, {ruled_out} ruled out",
            folder.display(),
            operators.len()
        );
        assert!(ruled_out * 2 > tried, "the conditions rule out too little");
    }
}

/// A value that an operator is likely to match, or almost.
pub fn value_for(test: &dyn Test, random: &mut Random) -> Vec<u8> {
    match test.shape() {
        Shape::Regex(hir) => random.value(Some(&hir), b"x"),
        Shape::AnyOfCaseless(phrases) if !phrases.is_empty() => {
            let phrase = &phrases[random.below(phrases.len())];
            [random.value(None, phrase).as_slice(), phrase, &random.value(None, phrase)].concat()
        }
        Shape::Literal { text, .. } => {
            let around: [&[u8]; 3] = [b"", b" ", b"a"];
            [around[random.below(3)], text, around[random.below(3)]].concat()
        }
        _ => (0..random.below(20)).map(|_| random.below(256) as u8).collect(),
    }
}
