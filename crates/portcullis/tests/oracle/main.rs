//! Random configurations and requests through our engine and through Apache with mod_security2: ids, every log line but
//! for its prefix and unique id, and the status must agree.
//!
//! It runs where the reference is installed and says why it does not elsewhere: 1,000 cases, and 20,000 where `CI` is `true`.
//! `PORTCULLIS_ORACLE_CASES` sets how many cases are tried of each seed, `PORTCULLIS_ORACLE_SEED` the seeds (`2`, or `101-110`),
//! `PORTCULLIS_ORACLE_FIRST` how many are left out before the first, and `PORTCULLIS_ORACLE_CRS` how many requests of the CRS's
//! tests are sent through its whole rule set (none without it), `PORTCULLIS_ORACLE_AUDIT_SEED` the seed of audit entries. A disagreement is listed with its seed and number and
//! reduced before it is printed. Where we differ on purpose (docs/differences.md) the generator makes no such case.

mod case;
mod crs;
mod explained;
#[expect(dead_code, reason = "the test needs its types of answers only")]
#[path = "../../src/ftw/mod.rs"]
mod ftw;
#[path = "../../src/in_process/mod.rs"]
mod in_process;
mod ours;
mod peer;
mod random;
mod requests;
mod rules;
mod sanitised;
mod shrink;
mod words;

use case::{Case, latin1};
use ours::Seen;
use peer::{Answer, Peer};
use random::Random;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where rules are loaded from when the reference logged nothing that tells.
const DEFAULT_FILE: &str = "/rules.conf";

/// Seeds and how many cases of each are compared where nobody asks for others: the same ones every time.
const CASES: (&str, u64) = ("2", 1000);

/// The same for the project's own check.
const CASES_IN_CI: (&str, u64) = ("101-104", 5000);

/// How many entries of the audit log are compared.
const AUDIT_ENTRIES: u64 = 500;

/// How many disagreements are listed with the first line that differs.
const LISTED: usize = 80;

/// How many disagreements are reduced and printed.
const SHOWN: u64 = 8;

/// How many references answer at once.
const WORKERS: usize = 2;

/// How many rounds of reduction one of them may take.
const ROUNDS: u64 = 40;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn agrees_with_the_reference() {
    let peer = match Peer::find() {
        Ok(peer) => peer,
        Err(reason) => return println!("skipped: {reason}"),
    };
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let (seeds, count) = if in_ci { CASES_IN_CI } else { CASES };
    let count = number("PORTCULLIS_ORACLE_CASES", count);
    let first = number("PORTCULLIS_ORACLE_FIRST", 0);
    let numbers: Vec<(u64, u64)> =
        seeds_of(&std::env::var("PORTCULLIS_ORACLE_SEED").unwrap_or(seeds.to_owned()))
            .flat_map(|seed| (first..first + count).map(move |number| (seed, number)))
            .collect();
    let cases: Vec<Case> = numbers.iter().map(|(seed, number)| generate(*seed, *number)).collect();
    let results = compare_all(&peer, &cases);
    let compared = results.iter().filter(|result| result.left_out.is_none()).count();
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    results
        .iter()
        .filter_map(|result| result.left_out)
        .for_each(|why| *left_out.entry(why).or_default() += 1);
    let lines: usize = results.iter().map(|result| result.lines).sum();
    let refused = results.iter().filter(|result| result.refused).count();
    let explained = results.iter().filter(|result| result.explained).count();
    let disagreements: Vec<_> = numbers
        .iter()
        .zip(cases.iter().zip(results))
        .filter_map(|(number, (case, result))| {
            result.disagreement.map(|(kind, answer)| (number, case, kind, answer))
        })
        .collect();
    println!(
        "compared {compared} of {} cases ({lines} log lines, {refused} refused configurations, {explained} explained), {} disagree",
        cases.len(),
        disagreements.len()
    );
    left_out.iter().for_each(|(why, count)| println!("  left out {count}: {why}"));
    assert!(compared * 2 > cases.len(), "hardly any case was compared");
    for (number, case, kind, answer) in disagreements.iter().take(LISTED) {
        list(**number, case, *kind, answer);
    }
    for (_, case, kind, _) in disagreements.iter().take(number("PORTCULLIS_ORACLE_SHOW", SHOWN) as usize) {
        show(&reduce(&peer, case, *kind), &peer);
    }
    assert!(disagreements.is_empty(), "{} cases disagree", disagreements.len());
}

#[test]
fn audit_entries_hide_the_same() {
    match Peer::find() {
        Ok(peer) => {
            let seed = number("PORTCULLIS_ORACLE_AUDIT_SEED", 1);
            println!("{}", sanitised::run(&peer, seed, AUDIT_ENTRIES));
        }
        Err(reason) => println!("skipped: {reason}"),
    }
}

#[test]
fn crs_4_log_lines_agree() {
    crs_log_lines_agree("crs-v4");
}

#[test]
fn crs_3_log_lines_agree() {
    crs_log_lines_agree("crs-v3");
}

fn crs_log_lines_agree(name: &str) {
    let count = number("PORTCULLIS_ORACLE_CRS", 0);
    match Peer::find() {
        _ if count == 0 => println!("skipped: PORTCULLIS_ORACLE_CRS asks for no request"),
        Ok(peer) => crs::run(&peer, name, count as usize),
        Err(reason) => println!("skipped: {reason}"),
    }
}

/// What came of a case.
#[derive(Debug, Default)]
struct Outcome {
    /// Why it is not compared: docs/differences.md says what differs, or the reference did not answer.
    left_out: Option<&'static str>,
    /// The reference did not load the rules.
    refused: bool,
    /// It differs, but for a reason that is known; see [`explained::without`].
    explained: bool,
    lines: usize,
    disagreement: Option<(Kind, Answer)>,
}

/// Compares all cases, in their order, with a reference for each of [`WORKERS`] threads.
fn compare_all(peer: &Peer, cases: &[Case]) -> Vec<Outcome> {
    let pieces: Vec<&[Case]> = cases.chunks(peer::BATCH).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((at, piece)) = claim(&next, &pieces) {
            let answers = peer.ask(piece);
            done.push((
                at,
                piece.iter().zip(answers).map(|(case, answer)| outcome(peer, case, answer)).collect(),
            ));
        }
        done
    };
    let mut outcomes: Vec<(usize, Vec<Outcome>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker that ends")).collect()
    });
    outcomes.sort_by_key(|(at, _)| *at);
    outcomes.into_iter().flat_map(|(_, outcomes)| outcomes).collect()
}

fn claim<'a>(next: &AtomicUsize, pieces: &[&'a [Case]]) -> Option<(usize, &'a [Case])> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    pieces.get(at).map(|piece| (at, *piece))
}

fn outcome(peer: &Peer, case: &Case, answer: Answer) -> Outcome {
    let mut outcome = Outcome {
        left_out: case.left_out().or(answer.broken.as_ref().map(|_| "the reference crashed or gave up")),
        refused: answer.config_error.is_some(),
        lines: answer.rule_lines.len() + answer.other_lines.len(),
        explained: false,
        disagreement: None,
    };
    if outcome.left_out.is_some() {
        return outcome;
    }
    let mut answer = answer;
    let mut comparison = compare(case, &answer);
    // A start with many rule sets may blame the wrong one for an error, and lines may come late on a busy machine: what
    // is a disagreement is one when the case is asked alone.
    if matches!(comparison, Comparison::Differs(_)) {
        answer = peer.ask(std::slice::from_ref(case)).remove(0);
        comparison = compare(case, &answer);
    }
    match comparison {
        Comparison::Agrees => {}
        Comparison::LeftOut(why) => outcome.left_out = Some(why),
        Comparison::Differs(_) if is_explained(peer, case) => outcome.explained = true,
        Comparison::Differs(kind) => outcome.disagreement = Some((kind, answer)),
    }
    outcome
}

/// Whether both agree on a case as soon as the rules are gone in which the reference reads memory at random.
fn is_explained(peer: &Peer, case: &Case) -> bool {
    explained::without(case).is_some_and(|other| {
        let answer = peer.ask(std::slice::from_ref(&other)).remove(0);
        answer.broken.is_none()
            && answer.config_error.is_none()
            && compare(&other, &answer) == Comparison::Agrees
    })
}

/// In what a case disagrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Configuration,
    Evaluators,
    Status,
    RuleLines,
    OtherLines,
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Agrees,
    Differs(Kind),
    /// Only the run shows that the case hangs on what differs on purpose.
    LeftOut(&'static str),
}

/// `2`, or `101-110` with both ends.
fn seeds_of(text: &str) -> std::ops::RangeInclusive<u64> {
    let read = |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("`{text}` is no seed"));
    text.split_once('-').map_or_else(|| read(text)..=read(text), |(first, last)| read(first)..=read(last))
}

fn generate(seed: u64, number: u64) -> Case {
    let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(number));
    let directives = rules::generate(&mut random);
    let request = requests::request(&mut random);
    let response = requests::response(&mut random);
    Case { directives, request, response }
}

fn compare(case: &Case, answer: &Answer) -> Comparison {
    let seen = ours::run(case, answer.file.as_deref().unwrap_or(DEFAULT_FILE));
    if seen.evaluators_differ.is_some() {
        return Comparison::Differs(Kind::Evaluators);
    }
    let rules = case.rules();
    if seen.error_page && case.shows_the_page(seen.rule_asked) {
        return Comparison::LeftOut("the text of an error page");
    }
    // The nodes of a document that breaks off: nothing but phase 5 could see them.
    let broken_off = seen.other_lines.iter().any(|line| line.starts_with(b"XML parser error"));
    if broken_off && rules.contains("XML") {
        return Comparison::LeftOut("nodes of an XML document that breaks off");
    }
    match difference(answer, &seen) {
        None => Comparison::Agrees,
        // httpd refuses to send what a macro put into the address.
        Some(_) if answer.status == 500 && seen.redirects() && rules.contains("%{") => {
            Comparison::LeftOut("a redirect whose address holds line ends")
        }
        Some(kind) => Comparison::Differs(kind),
    }
}

fn difference(answer: &Answer, seen: &Seen) -> Option<Kind> {
    // What the reference refuses we may accept: other engines' spellings are welcome.
    if answer.config_error.is_some() {
        return None;
    }
    if seen.config_error.is_some() {
        return Some(Kind::Configuration);
    }
    if !explained::agree(&answer.rule_lines, &seen.rule_lines) {
        return Some(Kind::RuleLines);
    }
    if !explained::agree(&answer.other_lines, &seen.other_lines) {
        return Some(Kind::OtherLines);
    }
    (answer.status != seen.status).then_some(Kind::Status)
}

/// Says what differs first.
fn list((seed, number): (u64, u64), case: &Case, kind: Kind, answer: &Answer) {
    let seen = ours::run(case, answer.file.as_deref().unwrap_or(DEFAULT_FILE));
    let (theirs, ours) = match kind {
        Kind::Configuration => {
            let text = |error: &Option<String>| error.clone().unwrap_or_default().into_bytes();
            (text(&answer.config_error), text(&seen.config_error))
        }
        Kind::Evaluators => (Vec::new(), seen.evaluators_differ.unwrap_or_default().into_bytes()),
        Kind::Status => (answer.status.to_string().into_bytes(), seen.status.to_string().into_bytes()),
        Kind::RuleLines => first_difference(&answer.rule_lines, &seen.rule_lines),
        Kind::OtherLines => first_difference(&answer.other_lines, &seen.other_lines),
    };
    println!("* {seed}:{number} {kind:?}\n  reference {}\n  ours      {}", latin1(&theirs), latin1(&ours));
}

fn first_difference(theirs: &[Vec<u8>], ours: &[Vec<u8>]) -> (Vec<u8>, Vec<u8>) {
    let differs = |at: &usize| match (theirs.get(*at), ours.get(*at)) {
        (Some(theirs), Some(ours)) => !explained::lines_agree(theirs, ours),
        _ => true,
    };
    let at = (0..theirs.len().max(ours.len())).find(differs).unwrap_or(0);
    let line = |lines: &[Vec<u8>]| lines.get(at).cloned().unwrap_or_else(|| b"(no line)".to_vec());
    (line(theirs), line(ours))
}

/// The smallest case found that disagrees in the same way.
fn reduce(peer: &Peer, case: &Case, kind: Kind) -> Case {
    let mut best = case.clone();
    for _ in 0..number("PORTCULLIS_ORACLE_ROUNDS", ROUNDS) {
        let candidates = shrink::reductions(&best);
        let answers = peer.ask(&candidates);
        let disagrees = |(candidate, answer): &(Case, Answer)| {
            answer.broken.is_none()
                && candidate.left_out().is_none()
                && compare(candidate, answer) == Comparison::Differs(kind)
        };
        let mut smaller: Vec<Case> =
            candidates.into_iter().zip(answers).filter(disagrees).map(|(candidate, _)| candidate).collect();
        smaller.sort_by_key(Case::size);
        match smaller.into_iter().find(|candidate| !is_explained(peer, candidate)) {
            Some(smaller) => best = smaller,
            None => break,
        }
    }
    best
}

fn show(case: &Case, peer: &Peer) {
    let answer = peer.ask(std::slice::from_ref(case)).remove(0);
    let seen = ours::run(case, answer.file.as_deref().unwrap_or(DEFAULT_FILE));
    println!("=== {:?}\n{}--- request\n{}", difference(&answer, &seen), case.rules(), case.request.text());
    println!("--- response {} {:?}\n{}", case.response.status, case.response.headers, case.response.body);
    println!("--- reference: status {} {}", answer.status, answer.config_error.as_deref().unwrap_or(""));
    answer.rule_lines.iter().chain(&answer.other_lines).for_each(|line| println!("    {}", latin1(line)));
    println!("--- ours: status {} {}", seen.status, seen.config_error.as_deref().unwrap_or(""));
    seen.rule_lines.iter().chain(&seen.other_lines).for_each(|line| println!("    {}", latin1(line)));
}
