//! The debug log (`SecDebugLog`): what a transaction did, step by step, as mod_security2 writes it.
//!
//! ```text
//! [24/Nov/2026:18:21:17.428453 +0000] [localhost/sid#1f][rid#7f9b0c9d70a0][/x][4] Executing operator "rx" with param "^a" against ARGS:a.
//! [24/Nov/2026:18:21:17.428453 +0000] [localhost/sid#1f][rid#7f9b0c9d70a0][/x][9] Target value: "abc"
//! ```
//!
//! Where ModSecurity shows addresses of its memory (`sid`, `rid`, `Rule …:`) stand the process, a hash of the unique id
//! and the rule's number: readers tell servers, requests and rules apart by them. Lines about what only httpd has
//! (filters, buckets, hooks) and about the time that single operators take are not written. (manual: "Debug log")

use portcullis_engine::trace::{TraceLine, TraceStep};
use portcullis_engine::verdict::Phase;
use portcullis_engine::{Record, RuleSet};

use crate::escape::{Printable, log_escape};
use crate::time::Moment;

/// Appends the lines of a record. `rules` is the rule set that the transaction ran, `process` our process id.
pub fn lines(record: &Record, rules: &RuleSet, process: u32, out: &mut Vec<u8>) {
    let request = hash(record.unique_id.as_bytes());
    for line in &record.trace {
        let mut each = |level: u8, text: &[u8]| {
            if level > line.detail {
                return;
            }
            prefix(record, line, process, request, level, out);
            out.extend_from_slice(text);
            out.push(b'\n');
        };
        step(&line.step, rules, &mut each);
    }
}

fn prefix(record: &Record, line: &TraceLine, process: u32, request: u64, level: u8, out: &mut Vec<u8>) {
    let micros = record.started_micros.saturating_add_unsigned(line.micros);
    let time = Moment::new(micros, record.utc_offset_seconds).audit();
    out.extend_from_slice(format!("[{time}] [").as_bytes());
    log_escape(&record.request.server_name, Printable::QuotesAndBackslashes, out);
    out.extend_from_slice(format!("/sid#{process:x}][rid#{request:x}][").as_bytes());
    log_escape(&line.uri, Printable::QuotesAndBackslashes, out);
    out.extend_from_slice(format!("][{level}] ").as_bytes());
}

/// The lines of a step, each with its level.
pub fn step(step: &TraceStep, rules: &RuleSet, each: &mut dyn FnMut(u8, &[u8])) {
    let mut text = Vec::new();
    match step {
        TraceStep::Phase { phase, rules } => {
            each(4, format!("Starting phase {}.", phase_name(*phase)).as_bytes());
            text = format!("This phase consists of {rules} rule(s).").into_bytes();
            each(9, &text);
        }
        TraceStep::PhaseSkipped(phase) => {
            let number = phase.number();
            each(4, format!("Skipping phase {number} as request was already intercepted.").as_bytes());
        }
        TraceStep::Argument { origin: "JSON", name, value } => {
            text.extend_from_slice(b"Adding JSON argument '");
            log_escape(name, Printable::QuotesAndBackslashes, &mut text);
            text.extend_from_slice(b"' with value '");
            log_escape(value, Printable::QuotesAndBackslashes, &mut text);
            text.push(b'\'');
            each(9, &text);
        }
        TraceStep::Argument { origin, name, value } => {
            text.extend_from_slice(format!("Adding request argument ({origin}): ").as_bytes());
            named_value(name, value, &mut text);
            each(5, &text);
        }
        TraceStep::Cookie { name, value } => {
            text.extend_from_slice(b"Adding request cookie: ");
            named_value(name, value, &mut text);
            each(5, &text);
        }
        TraceStep::Rule(index) => rule(*index, rules, each),
        TraceStep::RuleRemoved(index) => {
            let Some(rule) = rules.describe(*index) else { return };
            let id = rule.id().unwrap_or_default();
            each(5, format!("Not processing rule id=\"{id}\": removed by ctl action").as_bytes());
        }
        TraceStep::Targets { rule, names } => {
            text.extend_from_slice(b"Expanded \"");
            text.extend_from_slice(rules.describe(*rule).map_or(b"", |rule| rule.targets()));
            text.extend_from_slice(b"\" to \"");
            text.extend_from_slice(names);
            text.extend_from_slice(b"\".");
            each(4, &text);
        }
        TraceStep::TargetRemoved(name) => {
            text.extend_from_slice(b"Skipping target ");
            text.extend_from_slice(name);
            text.extend_from_slice(b": removed by ctl action");
            each(9, &text);
        }
        TraceStep::Transformed { name, value } => {
            text.extend_from_slice(format!("T (0) {name}: \"").as_bytes());
            quoted_rest(value, &mut text);
            each(9, &text);
        }
        TraceStep::Operator { rule, argument, target } => {
            let Some(rule) = rules.describe(*rule) else { return };
            let negation = if rule.is_negated() { "!" } else { "" };
            let operator = rule.operator();
            text.extend_from_slice(
                format!("Executing operator \"{negation}{operator}\" with param \"").as_bytes(),
            );
            log_escape(argument, Printable::Backslashes, &mut text);
            text.extend_from_slice(b"\" against ");
            text.extend_from_slice(target);
            text.push(b'.');
            each(4, &text);
        }
        // Steps for those who explain a match; ModSecurity has no line for them.
        TraceStep::Before(_) | TraceStep::Matched => {}
        TraceStep::Value(value) => {
            text.extend_from_slice(b"Target value: \"");
            quoted_rest(value, &mut text);
            each(9, &text);
        }
        TraceStep::Captured { number, value } => {
            text.extend_from_slice(format!("Added regex subexpression to TX.{number}: ").as_bytes());
            log_escape(value, Printable::Backslashes, &mut text);
            each(9, &text);
        }
        TraceStep::Macro { name, value } => {
            text.extend_from_slice(b"Resolved macro %{");
            text.extend_from_slice(name);
            text.extend_from_slice(b"} to: ");
            log_escape(value, Printable::Backslashes, &mut text);
            each(9, &text);
        }
        TraceStep::Variable { collection, name, value } => {
            text.extend_from_slice(if value.is_some() { b"Set variable \"" } else { b"Unset variable \"" });
            log_escape(collection, Printable::QuotesAndBackslashes, &mut text);
            text.push(b'.');
            log_escape(name, Printable::QuotesAndBackslashes, &mut text);
            match value {
                Some(value) => {
                    text.extend_from_slice(b"\" to \"");
                    log_escape(value, Printable::QuotesAndBackslashes, &mut text);
                    text.extend_from_slice(b"\".");
                }
                None => text.extend_from_slice(b"\"."),
            }
            each(9, &text);
        }
        TraceStep::Outcome { rule, matched, intercepted } => {
            each(4, format!("Rule returned {}.", u8::from(*matched)).as_bytes());
            let chained = rules.describe(*rule).is_some_and(|rule| rule.is_chained());
            let then: &[u8] = match (matched, intercepted, chained) {
                (_, true, _) => b"Match, intercepted -> returning.",
                (true, false, _) => b"Match -> mode NEXT_RULE.",
                (false, false, false) => b"No match, not chained -> mode NEXT_RULE.",
                (false, false, true) => b"No match, chained -> mode NEXT_CHAIN.",
            };
            each(9, then);
        }
        TraceStep::Line { level, text } => each(*level, text),
    }
}

fn rule(index: u32, rules: &RuleSet, each: &mut dyn FnMut(u8, &[u8])) {
    let Some(rule) = rules.describe(index) else { return };
    let mut text = format!("Recipe: Invoking rule {index:x}; [file \"").into_bytes();
    log_escape(rule.file().as_bytes(), Printable::QuotesAndBackslashes, &mut text);
    text.extend_from_slice(format!("\"] [line \"{}\"]", rule.line()).as_bytes());
    if let Some(id) = rule.id() {
        text.extend_from_slice(format!(" [id \"{id}\"]").as_bytes());
    }
    text.push(b'.');
    each(4, &text);
    let mut text = format!("Rule {index:x}: ").into_bytes();
    log_escape(rule.text(), Printable::Untouched, &mut text);
    each(5, &text);
}

fn named_value(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"name \"");
    log_escape(name, Printable::QuotesAndBackslashes, out);
    out.extend_from_slice(b"\", value \"");
    log_escape(value, Printable::QuotesAndBackslashes, out);
    out.push(b'"');
}

fn quoted_rest(value: &[u8], out: &mut Vec<u8>) {
    log_escape(value, Printable::Backslashes, out);
    out.push(b'"');
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::RequestHeaders => "REQUEST_HEADERS",
        Phase::RequestBody => "REQUEST_BODY",
        Phase::ResponseHeaders => "RESPONSE_HEADERS",
        Phase::ResponseBody => "RESPONSE_BODY",
        Phase::Logging => "LOGGING",
    }
}

/// FNV-1a, cut to the length that addresses have.
fn hash(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash >> 16
}
