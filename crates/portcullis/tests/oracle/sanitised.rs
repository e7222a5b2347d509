//! What `sanitise…` hides in the audit log, here and in the reference: request line, header fields and body of the entry.
//!
//! `sanitiseArg:a` and `/?a=secret&b=1` → `GET /?a=******&b=1` in part B on both sides. Requests are random, rules one each; of the
//! answer's fields those of the origin are compared. Hiding more is no disagreement: here the same text is hidden wherever it stands.
//! `sanitiseMatchedBytes` is left out, for the reference puts empty lines between the header fields that it hides.

use portcullis_audit::formats::{AuditStyle, native};
use serde_json::{Value, json};

use super::case::{Case, Directive, bytes, latin1};
use super::ours::{self, Seen};
use super::peer::{Answer, BATCH, Peer};
use super::random::Random;
use super::requests;

/// Targets, and the phases from which on they are there.
const TARGETS: &[&str] = &[
    "2 ARGS",
    "2 ARGS:a",
    "2 ARGS:/o/",
    "2 ARGS_GET",
    "2 ARGS_POST",
    "2 ARGS_NAMES",
    "1 REQUEST_HEADERS",
    "1 REQUEST_HEADERS:X-Test",
    "1 REQUEST_COOKIES",
    "3 RESPONSE_HEADERS:X-Test",
    "3 RESPONSE_HEADERS",
];

const OPERATORS: &[&str] =
    &["@rx .", "@rx o+", "@rx [a-f]", "@unconditionalMatch", "@contains o", "@pm foo 1 x", "@rx ^(.)(.*)$"];

const ACTIONS: &[&str] = &[
    "sanitiseArg:a",
    "sanitiseArg:foo",
    "sanitiseArg:A",
    "sanitiseMatched",
    "sanitiseMatched",
    "sanitiseRequestHeader:X-Test",
    "sanitiseRequestHeader:cookie",
    "sanitiseRequestHeader:Authorization",
    "sanitiseResponseHeader:X-Test",
];

/// Compares so many cases; returns what to say of them.
pub fn run(peer: &Peer, seed: u64, count: u64) -> String {
    let cases: Vec<Case> = (0..count).map(|number| case(seed, number)).collect();
    let (mut compared, mut hidden, mut failures) = (0, 0, String::new());
    for batch in cases.chunks(BATCH) {
        let audited = |(id, case): (usize, &Case)| {
            let mut value = case.json(id);
            value["audit"] = json!(true);
            value
        };
        let asked: Vec<Value> = batch.iter().enumerate().map(audited).collect();
        for (case, answer) in batch.iter().zip(peer.ask_with(&asked, &[])) {
            let seen = ours::run(case, "/rules.conf");
            let (Some(theirs), Some(ours)) = (their_entry(&answer), our_entry(&seen)) else { continue };
            if answer.status != seen.status {
                continue;
            }
            compared += 1;
            hidden += u32::from(ours.iter().any(|line| line.contains("**")));
            if !hides_as_much(&theirs, &ours) {
                failures += &format!(
                    "{}--- request\n{}\n--- reference\n{}\n--- ours\n{}\n",
                    case.rules(),
                    case.request.text(),
                    theirs.join("\n"),
                    ours.join("\n")
                );
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(hidden * 10 > compared, "hardly anything was hidden: {hidden} of {compared}");
    format!("compared {compared} of {count} audit entries, {hidden} with something hidden")
}

fn case(seed: u64, number: u64) -> Case {
    let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(number));
    let (phase, target) = random.pick(TARGETS).split_once(' ').expect("a phase");
    let (operator, action) = (random.pick(OPERATORS), random.pick(ACTIONS));
    let rule = format!("SecRule {target} \"{operator}\" \"id:1,phase:{phase},pass,nolog,t:none,{action}\"");
    let audit = "SecAuditEngine On\nSecAuditLogParts ABCFZ".to_owned();
    let mut request = requests::request(&mut random);
    // What httpd refuses has no entry that could be compared.
    "/a/b.php".clone_into(&mut request.path);
    // Of a form the reference hides the bytes behind the name as if it were urlencoded.
    request
        .headers
        .retain(|(name, value)| name != "Content-Type" || !value.to_lowercase().contains("multipart"));
    let mut response = requests::response(&mut random);
    response.status = 200;
    Case { directives: vec![Directive::Line(audit), Directive::Line(rule)], request, response }
}

/// Whether both show the same, but for what is hidden here alone: the same text in another place.
fn hides_as_much(theirs: &[String], ours: &[String]) -> bool {
    let alike = |(theirs, ours): (&String, &String)| {
        theirs.chars().count() == ours.chars().count()
            && theirs.chars().zip(ours.chars()).all(|(theirs, ours)| theirs == ours || ours == '*')
    };
    theirs.len() == ours.len() && theirs.iter().zip(ours).all(alike)
}

fn our_entry(seen: &Seen) -> Option<Vec<String>> {
    let mut entry = Vec::new();
    native::entry(seen.record.as_ref()?, 0, &AuditStyle::default(), &mut entry);
    Some(lines(&latin1(&entry)))
}

fn their_entry(answer: &Answer) -> Option<Vec<String>> {
    Some(lines(&latin1(&bytes(answer.audit.as_deref()?))))
}

/// The parts B and C, and of part F what the origin sent.
fn lines(entry: &str) -> Vec<String> {
    let mut part = 'A';
    let mut lines = Vec::new();
    for line in entry.lines() {
        let named = line.strip_prefix("--").filter(|rest| rest.len() == 12 && rest.ends_with("--"));
        if let Some(letter) = named.and_then(|rest| rest.chars().nth(9)) {
            part = letter;
            // The reference's log begins with an entry of the script's own.
            if part == 'A' {
                lines.clear();
            }
            continue;
        }
        let from_origin = || ["X-Test:", "Set-Cookie:"].iter().any(|name| line.starts_with(name));
        if matches!(part, 'B' | 'C') || part == 'F' && from_origin() {
            lines.push(format!("{part} {line}"));
        }
    }
    lines
}
