//! The same cases through our engine, under the settings that the reference runs with.

use super::case::{Case, Response, bytes};
use super::ftw::{Answer, Asked};
use super::in_process::InProcessSite;
use super::peer::message;
use super::words::WORDS;
use portcullis_engine::{Compatibility, Phase, Record, Verdict};
use portcullis_testkit::rules::Source;
use std::sync::Arc;

/// What the reference's own configuration says before the rules of a case.
pub const SETTINGS: &str = "\
SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 131072
SecRequestBodyLimitAction Reject
SecRequestBodyJsonDepthLimit 512
SecPcreMatchLimit 100000
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml
SecResponseBodyLimit 524288
SecResponseBodyLimitAction ProcessPartial
SecUnicodeMapFile /etc/modsecurity/unicode.mapping 20127
";

/// What we did.
#[derive(Debug, Default)]
pub struct Seen {
    pub config_error: Option<String>,
    pub status: u16,
    pub rule_lines: Vec<Vec<u8>>,
    pub other_lines: Vec<Vec<u8>>,
    /// Where the plain and the screened evaluator disagree.
    pub evaluators_differ: Option<String>,
    /// The answer is an error page; its text is ours.
    pub error_page: bool,
    /// A rule asked for it, and no other page stood there before.
    pub rule_asked: bool,
    pub record: Option<Record>,
}

impl Seen {
    /// Whether a rule sent the client elsewhere.
    pub fn redirects(&self) -> bool {
        let interception = self.record.as_ref().and_then(|record| record.interception.as_ref());
        interception.is_some_and(|by| matches!(by.verdict, Verdict::Redirect { .. }))
    }
}

/// The package's own ways: header fields joined by httpd, bodies that break off refused.
pub fn compatibility() -> Compatibility {
    Compatibility { reject_body_end_errors: true, join_headers: true, ..Compatibility::default() }
}

/// Runs a case with its rules loaded under the name `file`, which the lines show.
pub fn run(case: &Case, file: &str) -> Seen {
    let words = std::path::Path::new(file).with_file_name("words.data");
    let source =
        Source::new().data(words, WORDS).text("/settings.conf", SETTINGS).text(file, bytes(&case.rules()));
    let rules = match source.compile(compatibility()) {
        Ok(rules) => Arc::new(rules),
        Err(text) => return Seen { config_error: Some(text), ..Seen::default() },
    };
    let Response { status, headers, body } = &case.response;
    let answer = Answer { status: *status, headers: headers.clone(), body: bytes(body) };
    let answer = as_sent(case.request.method == "HEAD", &answer);
    exchange(InProcessSite::new(rules).comparing(), &bytes(&case.request.text()), &answer)
}

/// Sends one request; the reference closes the connection after it.
pub fn exchange(mut site: InProcessSite, request: &[u8], answer: &Answer) -> Seen {
    let exchanges = site.connection(request, &|_: &Asked<'_>| answer.clone());
    let mut seen = Seen::default();
    let Some(exchange) = exchanges.into_iter().next() else { return seen };
    seen.evaluators_differ = exchange.difference;
    let interception = exchange.record.as_ref().and_then(|record| record.interception.as_ref());
    let was_forwarded = exchange.forwarded.is_some();
    seen.error_page = !was_forwarded || interception.is_some();
    seen.rule_asked = interception.is_some_and(|by| was_forwarded || by.phase <= Phase::RequestBody);
    seen.status = exchange.response.map_or(0, |answer| answer.status);
    for line in exchange.record.iter().flat_map(InProcessSite::log_lines) {
        let text = message(&line).expect("every line is the module's");
        let of_a_rule = contains(&text, b" [id \"") && !contains(&text, b" - Execution error - ");
        if of_a_rule { seen.rule_lines.push(text) } else { seen.other_lines.push(text) }
    }
    seen.record = exchange.record;
    seen
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(text, needle).is_some()
}

/// The origin's answer as the reference's origin sends it.
pub fn as_sent(to_head: bool, answer: &Answer) -> Answer {
    let mut sent = answer.clone();
    if !sent.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        sent.headers.push(("Content-Type".to_owned(), "text/html".to_owned()));
    }
    let bodiless = matches!(answer.status, 204 | 304);
    if !bodiless {
        sent.headers.push(("Content-Length".to_owned(), answer.body.len().to_string()));
    }
    if bodiless || to_head {
        sent.body.clear();
    }
    sent
}
