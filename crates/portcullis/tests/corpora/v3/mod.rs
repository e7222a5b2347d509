//! ModSecurity 3's regression tests: rules, a request and a response in parts, and what must be logged and decided.
//!
//! The parts go straight into a transaction, as they go into libmodsecurity there: no reader of HTTP stands before it.
//! Status, refused configurations and audited transactions are compared as they are. The rest of the expectations are
//! regular expressions over that engine's own log texts; [`voice`] says what our transaction did in its words, as far as
//! there is something behind them, so that values, names and matched rules are compared and the wording is not.

mod case;
mod drive;
mod scripts;
mod voice;

use case::Case;
use portcullis_testkit::corpus;
use portcullis_testkit::suite::{Suite, content_id};
use regex::bytes::{Regex, RegexBuilder};

/// A build without libxml2 refuses more.
const SKIPS: &str = if cfg!(feature = "libxml2") {
    include_str!("../v3.skip")
} else {
    concat!(include_str!("../v3.skip"), include_str!("../v3_without_libxml2.skip"))
};

pub fn run() {
    let Some(folder) = corpus::folder("modsecurity-v3") else { return };
    let Some(files) = corpus::files(&folder.join("regression"), "json") else { return };
    let mut suite = Suite::new("modsecurity-v3/regression", SKIPS);
    for path in files {
        let file = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let values: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
        let cases: Vec<Case> =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for (number, (case, value)) in (1..).zip(cases.iter().zip(&values)) {
            if case.disabled {
                continue;
            }
            let place = format!("{number}, {}", case.title);
            suite.case(&content_id(&file, value, &[]), &place, judge(case, &format!("{file}.json")));
        }
    }
    suite.finish();
}

/// Why a case fails.
fn judge(case: &Case, file: &str) -> Result<(), String> {
    let expected = &case.expected;
    let rules = match drive::compile(case, file) {
        Ok(_) if !expected.parser_error.is_empty() => {
            return Err(format!("loads, but should be refused: {}", expected.parser_error));
        }
        Ok(rules) => rules,
        Err(_) if !expected.parser_error.is_empty() => return Ok(()),
        Err(text) => return Err(format!("does not load:\n{text}")),
    };
    let seen = drive::run(case, rules)?;
    if seen.status != expected.http_code {
        return Err(format!("status {} instead of {}", seen.status, expected.http_code));
    }
    let said = voice::Said::of(case, &seen);
    for (what, pattern, text) in [
        ("debug log", &expected.debug_log, &said.debug),
        ("error log", &expected.error_log, &said.error),
        ("audit log", &expected.audit_log, &said.audit),
    ] {
        if let Some(wanted) = reference(pattern) {
            if !said.transformations.contains(&wanted) {
                return Err(format!("no alert behind {wanted:?}, but {:?}", said.transformations));
            }
        } else if !pattern.is_empty() && !expression(pattern)?.is_match(text) {
            return Err(format!("the {what} has no {pattern:?}:\n{}", String::from_utf8_lossy(text)));
        }
    }
    Ok(())
}

/// The transformations that a `ref` tag shows: `o0,3v23,6t:trim` → `t:trim`. The rest of such a tag are places in that
/// engine's buffers, which say nothing here but that the rule matched.
fn reference(pattern: &str) -> Option<String> {
    let tag = regex::Regex::new(r"^(?:o?\d+,\d+)*(?:v\d+,\d+)+").expect("a valid pattern");
    let rest = &pattern[tag.find(pattern)?.end()..];
    // A rule on several values shows the tag of each.
    let next = regex::Regex::new(r"[ov]\d+,\d").expect("a valid pattern").find(rest);
    Some(rest[..next.map_or(rest.len(), |next| next.start())].trim_matches(',').to_owned())
}

fn expression(pattern: &str) -> Result<Regex, String> {
    // For PCRE a brace that begins no count is a brace.
    let pattern = pattern.replace("'{http", r"'\{http");
    let mut builder = RegexBuilder::new(&pattern);
    builder.dot_matches_new_line(true).multi_line(true).unicode(false);
    builder.build().map_err(|error| error.to_string())
}
