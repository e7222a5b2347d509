//! What the screen promises, tried out: a match is a candidate, and the scanner means what the conditions say.
//!
//! Expressions come from a grammar and from the public rule sets, values from the expressions themselves (their matches,
//! mutated) and from the attacks in the rule sets' own tests. `PORTCULLIS_SCREEN_PAIRS` says how many pairs of a condition
//! and a value to try; the default is for every day.

#[path = "../../../../operators/tests/expressions/mod.rs"]
mod expressions;
mod glances;
mod operators;
mod pieces;
#[path = "../../../../operators/tests/random/mod.rs"]
mod random;
mod requests;
mod rules;
mod transactions;

use portcullis_operators::pattern::{Options, Pattern};
use portcullis_operators::{Hit, Shape, Test};

use super::condition::Condition;
use super::rarity::Rarity;
use super::scanner::{Findings, Scanner};
use random::Random;

/// How many pairs to try.
fn pairs() -> usize {
    let asked = std::env::var("PORTCULLIS_SCREEN_PAIRS").ok();
    asked.map_or(40_000, |text| text.parse().expect("PORTCULLIS_SCREEN_PAIRS is a number"))
}

/// Expressions with their conditions, all in one scanner.
struct Screened {
    patterns: Vec<(Vec<u8>, Pattern)>,
    conditions: Vec<Condition>,
    scanner: Scanner,
}

impl Screened {
    fn new(sources: impl IntoIterator<Item = Vec<u8>>, rarity: &Rarity) -> Self {
        let mut patterns = Vec::new();
        let mut conditions = Vec::new();
        for source in sources {
            let Ok(pattern) = Pattern::new(&source, Options::default()) else { continue };
            let Some(hir) = pattern.hir() else { continue };
            let Some(condition) = Condition::of(&Shape::Regex(hir), rarity) else { continue };
            conditions.push(condition);
            patterns.push((source, pattern));
        }
        let scanner = Scanner::new((0..).zip(&conditions), rarity);
        Self { patterns, conditions, scanner }
    }

    /// Tries a value on all expressions; returns how many it matches.
    fn check(&self, value: &[u8], findings: &mut Findings) -> usize {
        self.scanner.scan(value, findings);
        let mut matches = 0;
        for (unit, (source, pattern)) in self.patterns.iter().enumerate() {
            let matched = pattern.is_match(value) == Ok(true);
            let candidate = findings.candidates.contains(&(unit as u32));
            matches += usize::from(matched);
            assert!(candidate || !matched, "`{}` matches `{}`", source.escape_ascii(), value.escape_ascii());
        }
        matches
    }

    /// The scanner's answer is the conditions' plain meaning, each unit once.
    fn compare(&self, value: &[u8], findings: &mut Findings) {
        self.scanner.scan(value, findings);
        let mut candidates = findings.candidates.clone();
        candidates.sort_unstable();
        let expected: Vec<_> = (0..)
            .zip(&self.conditions)
            .filter(|(_, condition)| condition.admits(value))
            .map(|(unit, _)| unit)
            .collect();
        assert_eq!(candidates, expected, "{}", value.escape_ascii());
    }
}

#[test]
fn matches_of_random_expressions_are_candidates() {
    let rarity = Rarity::of_requests();
    let mut random = Random(0x5eed_5c4e);
    let mut findings = Findings::default();
    let (mut tried, mut matches) = (0, 0);
    while tried < pairs() {
        let sources: Vec<_> = (0..40).map(|_| random.expression()).collect();
        let screened = Screened::new(sources, &rarity);
        for (source, pattern) in &screened.patterns {
            for _ in 0..6 {
                let value = random.value(pattern.hir().as_ref(), source);
                matches += screened.check(&value, &mut findings);
                tried += screened.patterns.len();
                if tried % 16 == 0 {
                    screened.compare(&value, &mut findings);
                }
            }
        }
    }
    println!("{tried} pairs, {matches} matches");
    assert!(matches * 20 > tried, "too few matches to mean anything");
}

#[test]
fn long_values_are_scanned_whole() {
    let rarity = Rarity::of_requests();
    let screened =
        Screened::new([b"(?i)union.*?select".to_vec(), b"^abc".to_vec(), b"xyz$".to_vec()], &rarity);
    let mut findings = Findings::default();
    for length in [0, 1, 55, 63, 64, 65, 1000, 1023, 1024, 1025, 2047, 2048, 2049, 3100] {
        for (text, expected) in [(&b"UNION all SELECT"[..], 0), (b"xyz", 2)] {
            let value = [vec![b'.'; length].as_slice(), text].concat();
            screened.scanner.scan(&value, &mut findings);
            assert_eq!(findings.candidates, [expected], "{length}");
            screened.compare(&value, &mut findings);
        }
        let value = [b"abc".as_slice(), &vec![b'q'; length]].concat();
        screened.scanner.scan(&value, &mut findings);
        assert_eq!(findings.candidates, [1], "{length}");
    }
}

/// A compiled operator, its argument and a name for it.
struct Named {
    name: String,
    argument: Vec<u8>,
    test: Box<dyn Test>,
}

/// Tries a value on operators; returns how many are no candidates.
fn check_operators(operators: &[Named], scanner: &Scanner, value: &[u8], findings: &mut Findings) -> usize {
    scanner.scan(value, findings);
    let mut hit = Hit::default();
    let mut ruled_out = 0;
    for (unit, Named { name, argument, test }) in operators.iter().enumerate() {
        if findings.candidates.contains(&(unit as u32)) {
            continue;
        }
        let matched = test.test(value, argument, false, &mut hit);
        assert_ne!(matched, Ok(true), "{name} matches `{}`", value.escape_ascii());
        ruled_out += 1;
    }
    ruled_out
}
