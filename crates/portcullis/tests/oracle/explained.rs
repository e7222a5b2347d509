//! Log lines that agree but for what docs/differences.md explains.
//!
//! `IPmatch: bad IPv4 specification "10.0.0.1x".` here, `… specification "\\xf0\\x11".` there → agree: the reference prints
//! bytes of memory that it has freed. `[tag "a\\x00b"]` here, `[tag "a"]` there → agree: the reference cuts a text at a NUL,
//! or shows other bytes behind it. In lines nothing else is forgiven, and their number never.
//!
//! Where the reference reads memory behind a value, what it finds there decides whether a rule matches. A case that
//! disagrees is then tried once more [`without`] the rules in question: when both agree on the rest, it is explained.

use super::case::{Case, Directive, Rule};

/// What stands before the value in the line of a bad address, which is one or the other by what the freed memory holds.
const BAD_ADDRESSES: [&[u8]; 2] =
    [b"IPmatch: bad IPv4 specification \"", b"IPmatch: bad IPv6 specification \""];

/// A NUL as the log shows it.
const NUL: &[u8] = b"\\\\x00";

/// Operators that read a value up to a NUL, and by which it does not end.
const READS_BEHIND: &[&str] = &["eq", "ge", "gt", "le", "lt", "ipMatch"];

/// The case without the rules whose match hangs on the memory behind a value; none when it has no such rule.
pub fn without(case: &Case) -> Option<Case> {
    let mut other = case.clone();
    for directive in &mut other.directives {
        if let Directive::Rule(rule) = directive
            && reads_behind(rule)
        {
            rule.operator = Some("@noMatch".to_owned());
        }
    }
    (other != *case).then_some(other)
}

/// A number is read to its end, which is the value's own unless a transformation has shortened it; an address is
/// copied with whatever follows it.
fn reads_behind(rule: &Rule) -> bool {
    let Some(operator) = rule.operator.as_deref() else { return false };
    let name = operator.trim_start_matches('!').trim_start_matches('@').split(' ').next().unwrap_or_default();
    let transformations: Vec<&str> =
        rule.actions.iter().filter_map(|action| action.strip_prefix("t:")).collect();
    if transformations
        .iter()
        .skip(1)
        .any(|name| matches!(*name, "cmdLine" | "sqlHexDecode" | "base64Decode" | "base64DecodeExt"))
    {
        return true;
    }
    let shortened = !transformations.is_empty();
    match READS_BEHIND.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(&"ipMatch") => rule.targets != ["REMOTE_ADDR"],
        Some(_) => shortened,
        None => false,
    }
}

/// Whether the lines of both sides agree.
pub fn agree(theirs: &[Vec<u8>], ours: &[Vec<u8>]) -> bool {
    theirs.len() == ours.len() && theirs.iter().zip(ours).all(|(theirs, ours)| lines_agree(theirs, ours))
}

/// Whether two lines agree.
pub fn lines_agree(theirs: &[u8], ours: &[u8]) -> bool {
    if theirs == ours {
        return true;
    }
    let is_bad_address = |line: &[u8]| BAD_ADDRESSES.iter().any(|text| line.starts_with(text));
    if is_bad_address(theirs) && is_bad_address(ours) {
        return behind_the_value(theirs) == behind_the_value(ours);
    }
    let (theirs, ours) = (fields(theirs), fields(ours));
    theirs.len() == ours.len() && theirs.iter().zip(&ours).all(|(theirs, ours)| fields_agree(theirs, ours))
}

fn behind_the_value(line: &[u8]) -> Option<&[u8]> {
    let end = memchr::memmem::rfind(line, b"\". [hostname ")?;
    line.get(end..)
}

/// A text of a rule may be another one behind its first NUL.
fn fields_agree(theirs: &[u8], ours: &[u8]) -> bool {
    let is_text = [&b"msg \""[..], b"data \"", b"tag \""].iter().any(|name| ours.starts_with(name));
    match memchr::memmem::find(ours, NUL).filter(|_| is_text) {
        Some(nul) => theirs.starts_with(&ours[..nul]),
        None => theirs == ours,
    }
}

/// The parts of a line in brackets.
fn fields(line: &[u8]) -> Vec<&[u8]> {
    let starts = memchr::memmem::find_iter(line, b" [").map(|at| at + 2);
    let bounds: Vec<usize> = std::iter::once(0).chain(starts).chain([line.len()]).collect();
    bounds.windows(2).map(|pair| &line[pair[0]..pair[1]]).collect()
}

#[test]
fn forgives_what_stands_behind_a_nul_and_nothing_else() {
    let line =
        |tag: &str, id: u32| format!("Warning. x [id \"{id}\"] [tag \"{tag}\"] [uri \"/\"]").into_bytes();
    assert!(lines_agree(&line("a", 1), &line("a\\\\x00b", 1)));
    assert!(!lines_agree(&line("b", 1), &line("a\\\\x00b", 1)));
    assert!(!lines_agree(&line("a", 1), &line("ab", 1)));
    assert!(!lines_agree(&line("a", 1), &line("a\\\\x00b", 2)));
    let bad = |value: &str, host: &str| {
        format!("IPmatch: bad IPv4 specification \"{value}\". [hostname \"{host}\"]").into_bytes()
    };
    assert!(lines_agree(&bad("x", "h"), &bad("y", "h")));
    assert!(!lines_agree(&bad("x", "h"), &bad("y", "i")));
}
