//! Translated expressions against PCRE2: same matches, same captures.
//!
//! Two sources of expressions: every `@rx` of the rule sets in the corpus folder, and random ones from a grammar that
//! covers what the parser reads. Values are made from the expressions themselves (strings that match, then mutated),
//! so that most of them come close. PCRE2 runs the *unrewritten* source; values that end in a newline are left out
//! where that matters, because only the rewritten source has `$` at the very end. The sequence is fixed; the variable
//! `PORTCULLIS_PATTERN_ROUNDS` makes it that many times longer.

mod expressions;
mod random;

use pcre2::bytes::{Regex, RegexBuilder};
use portcullis_operators::Capture;
use portcullis_operators::pattern::{Engine, Options, Pattern};
use portcullis_testkit::corpus;
use random::Random;

/// Whether PCRE2 misses matches of an expression: it takes `\S` for disjoint from `\h` and `\v`, which share A0 and 85
/// with it, and lets `^` in a group that is never entered decide where a match may begin.
fn is_wrong_in_pcre2(source: &[u8]) -> bool {
    let has = |text: &[u8]| source.windows(text.len()).any(|window| window == text);
    let spaces = [&b"\\h"[..], b"\\H", b"\\v", b"\\V"].into_iter().any(has);
    let others = [&b"\\S"[..], b"\\s", b"[:", b"\\W", b"\\w"].into_iter().any(has);
    (spaces && others) || (has(b"{0}") && has(b"^"))
}

/// What PCRE2 itself makes of a source.
fn reference(source: &[u8], options: Options) -> Result<Regex, pcre2::Error> {
    let mut text = String::from("(*LIMIT_MATCH=2000000)");
    let mut escaped = false;
    for &byte in source {
        match byte {
            0..0x80 => text.push(char::from(byte)),
            _ => {
                // The escape of such a byte is the byte itself.
                if escaped {
                    text.pop();
                }
                text.push_str(&format!("\\x{byte:02x}"));
            }
        }
        escaped = byte == b'\\' && !escaped;
    }
    RegexBuilder::new().dotall(true).caseless(options.caseless).multi_line(options.multiline).build(&text)
}

fn reference_captures(
    regex: &Regex,
    value: &[u8],
    start: usize,
) -> Result<Option<Vec<Capture>>, pcre2::Error> {
    let mut slots = regex.capture_locations();
    if regex.captures_read_at(&mut slots, value, start)?.is_none() {
        return Ok(None);
    }
    let mut captures: Vec<Capture> = (0..slots.len())
        .map(|index| {
            slots.get(index).map_or(Capture::Empty, |(start, end)| Capture::Range(start as u32, end as u32))
        })
        .collect();
    while captures.last() == Some(&Capture::Empty) {
        captures.pop();
    }
    Ok(Some(captures))
}

#[derive(Debug, Default)]
struct Tally {
    patterns: usize,
    linear: usize,
    values: usize,
    matched: usize,
    limits: usize,
    differences: Vec<String>,
}

impl Tally {
    fn compare(&mut self, source: &[u8], options: Options, random: &mut Random, rounds: usize) {
        let shown = source.escape_ascii().to_string();
        let (pattern, regex) = match (Pattern::new(source, options), reference(source, options)) {
            (Ok(pattern), Ok(regex)) => (pattern, regex),
            (Err(_), Err(_)) => return,
            (Ok(_), Err(error)) => {
                return self.differences.push(format!("{shown}: PCRE2 refuses it: {error}"));
            }
            (Err(error), Ok(_)) => return self.differences.push(format!("{shown}: we refuse it: {error}")),
        };
        self.patterns += 1;
        self.linear += usize::from(pattern.engine() == Engine::Linear);
        let dollar = source.contains(&b'$') || source.windows(2).any(|pair| pair == b"\\Z");
        for _ in 0..rounds {
            let mut value = random.value(pattern.hir().as_ref(), source);
            while dollar && value.last() == Some(&b'\n') {
                value.pop();
            }
            let start = if random.below(4) == 0 { random.below(value.len() + 1) } else { 0 };
            self.compare_value(&shown, &pattern, &regex, &value, start);
        }
    }

    fn compare_value(&mut self, shown: &str, pattern: &Pattern, regex: &Regex, value: &[u8], start: usize) {
        let Ok(expected) = reference_captures(regex, value, start) else {
            self.limits += 1;
            return;
        };
        self.values += 1;
        self.matched += usize::from(expected.is_some());
        let mut captures = Vec::new();
        let found = match pattern.captures(value, start, &mut captures) {
            Ok(found) => found.then_some(captures),
            Err(_) => {
                self.limits += 1;
                return;
            }
        };
        let span =
            pattern.find_at(value, start).ok().flatten().map(|span| (span.start as u32, span.end as u32));
        let expected_span = expected.as_ref().and_then(|captures| match captures[0] {
            Capture::Range(start, end) => Some((start, end)),
            _ => None,
        });
        let anywhere = start > 0 || pattern.is_match(value) == Ok(expected.is_some());
        if found != expected || span != expected_span || !anywhere {
            let value = value.escape_ascii();
            self.differences
                .push(format!("{shown} on {value} at {start}: {found:?} {span:?}, PCRE2 {expected:?}"));
        }
    }

    fn finish(&self, name: &str, least: usize) {
        println!(
            "{name}: {} patterns ({} linear), {} values, {} matched, {} hit a limit, {} differ",
            self.patterns,
            self.linear,
            self.values,
            self.matched,
            self.limits,
            self.differences.len()
        );
        assert!(
            self.differences.is_empty(),
            "{}",
            self.differences[..self.differences.len().min(20)].join("\n")
        );
        assert!(self.values >= least && self.matched * 10 > self.values, "too few values");
        assert!(self.limits * 50 < self.values, "too many limits");
    }
}

#[test]
fn rule_set_patterns_agree_with_pcre2() {
    let mut tally = Tally::default();
    let mut random = Random(0x5eed_0001);
    for (set, linear) in [("crs-v2", 0), ("crs-v3", 220), ("crs-v4", 250)] {
        let Some(folder) = corpus::folder(set) else { return };
        let sources = expressions::expressions(&folder);
        let before = tally.linear;
        for source in &sources {
            let options = Options { match_limit: 2_000_000, ..Options::default() };
            tally.compare(source, options, &mut random, 100);
        }
        println!("{set}: {} expressions, {} linear", sources.len(), tally.linear - before);
        assert!(tally.linear - before >= linear, "{set}: fewer linear expressions than there should be");
    }
    tally.finish("rule sets", 80_000);
}

#[test]
fn random_patterns_agree_with_pcre2() {
    let mut tally = Tally::default();
    let mut random = Random(0x5eed_0002);
    let rounds = std::env::var("PORTCULLIS_PATTERN_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    for _ in 0..6_000 * rounds {
        let source = random.expression();
        if is_wrong_in_pcre2(&source) {
            continue;
        }
        let options = Options {
            caseless: random.below(4) == 0,
            multiline: random.below(4) == 0,
            match_limit: 2_000_000,
        };
        tally.compare(&source, options, &mut random, 12);
    }
    tally.finish("random", 20_000);
}
