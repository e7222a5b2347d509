//! The audit entry in ModSecurity v2's JSON schema, one object per line.
//!
//! ```text
//! {"transaction":{"time":"24/Nov/2026:18:21:56.795085 +0000","transaction_id":"awXV…",…},"request":{…},"response":{…},"audit_data":{…}}
//! ```
//!
//! The audit log calls [`entry`] for `SecAuditLogFormat JSON`. The four outer objects always stand there; parts select
//! the keys in them, `uploads` and `matched_rules`. Repeated header fields repeat their key. Two things differ from v2:
//! bodies are whole (v2 ends them at the first zero byte), and bytes that are not UTF-8 are escaped unless
//! [`JsonBytes::Raw`](crate::JsonBytes::Raw) is asked for. What the record does not hold about a matched rule comes
//! from a function the caller gives. (manual: "Audit log, JSON")

use portcullis_engine::Record;
use portcullis_engine::record::{MatchedLink, MatchedRule, Pairs};

use super::AuditStyle;
use super::native;
use crate::escape::{Printable, log_escape};
use crate::json_text::JsonText;

/// What `matched_rules` says of a rule or chain link beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleDescription {
    /// `id`; chain links have none.
    pub id: Option<u64>,
    /// `rev`, left out when empty.
    pub rev: Vec<u8>,
    /// `ver`, left out when empty.
    pub version: Vec<u8>,
    /// 0 to 7.
    pub severity: Option<u8>,
    /// 1 to 9.
    pub accuracy: Option<u8>,
    /// 1 to 9.
    pub maturity: Option<u8>,
    /// 1 to 5.
    pub phase: u8,
    /// Part of a chain, first and last link included.
    pub chained: bool,
    /// First rule of a chain.
    pub chain_starter: bool,
    /// Tags, with macros expanded where the caller can.
    pub tags: Vec<Vec<u8>>,
    /// Operator name without `@`; `unconditionalMatch` for `SecAction`.
    pub operator: Vec<u8>,
    /// Its argument.
    pub operator_param: Vec<u8>,
    /// Targets as written; `REMOTE_ADDR` for `SecAction`.
    pub target: Vec<u8>,
    /// `!@…`.
    pub negated: bool,
    /// File of the rule.
    pub file: String,
    /// Its line.
    pub line: u32,
}

impl From<portcullis_engine::RuleDescription<'_>> for RuleDescription {
    fn from(rule: portcullis_engine::RuleDescription<'_>) -> Self {
        Self {
            id: rule.id(),
            rev: rule.rev().to_vec(),
            version: rule.ver().to_vec(),
            severity: rule.severity(),
            accuracy: rule.accuracy(),
            maturity: rule.maturity(),
            phase: rule.phase().number(),
            chained: rule.is_chained() || rule.is_link(),
            chain_starter: rule.is_chained() && !rule.is_link(),
            tags: rule.tags().map(<[u8]>::to_vec).collect(),
            operator: rule.operator().as_bytes().to_vec(),
            operator_param: rule.argument().to_vec(),
            target: rule.targets().to_vec(),
            negated: rule.is_negated(),
            file: rule.file().to_owned(),
            line: rule.line(),
        }
    }
}

/// Finds the description of a rule by its index in the rule set; `None` leaves the keys out.
pub type DescribeRule<'a> = &'a dyn Fn(u32) -> Option<RuleDescription>;

/// Appends the entry of a record with the parts it asks for, and a newline.
pub fn entry(record: &Record, style: &AuditStyle, describe: DescribeRule<'_>, out: &mut Vec<u8>) {
    let wants = |letter| record.audit_parts.has(letter);
    JsonText::new(out, style.json_bytes).object(|json| {
        json.key("transaction").object(|json| transaction(record, json));
        json.key("request").object(|json| request(record, json));
        json.key("response").object(|json| response(record, json));
        json.key("audit_data").object(|json| {
            if wants(b'H') {
                audit_data(record, style, json);
            }
        });
        if wants(b'J') && record.request.multipart {
            json.key("uploads").object(|json| uploads(record, json));
        }
        if wants(b'K') {
            json.key("matched_rules").array(|json| {
                record.matched_rules.iter().for_each(|rule| matched_rule(rule, describe, json));
            });
        }
    });
    out.push(b'\n');
}

fn transaction(record: &Record, json: &mut JsonText<'_>) {
    json.key("time").string(native::entry_moment(record).audit().as_bytes());
    json.key("transaction_id").string(record.unique_id.as_bytes());
    json.key("remote_address").string(record.client.ip().to_canonical().to_string().as_bytes());
    json.key("remote_port").literal(record.client.port());
    json.key("local_address").string(record.server.ip().to_canonical().to_string().as_bytes());
    json.key("local_port").literal(record.server.port());
}

fn request(record: &Record, json: &mut JsonText<'_>) {
    if record.audit_parts.has(b'B') {
        json.key("request_line").string(&record.request.line);
        json.key("headers").object(|json| headers(&record.request.headers, json));
    }
    if let Some(body) = &record.request.body {
        json.key("body").strings([body]);
    }
    if let Some(fields) = &record.request.fake_body {
        json.key("fake_body").string(fields);
    }
}

fn response(record: &Record, json: &mut JsonText<'_>) {
    let response = &record.response;
    if record.audit_parts.has(b'F') && !response.protocol.is_empty() {
        json.key("protocol").string(&response.protocol);
        json.key("status").literal(response.status);
        json.key("headers").object(|json| headers(&response.headers, json));
    }
    if let Some(body) = &response.body {
        json.key("body").string(body);
    }
}

pub(super) fn headers(headers: &Pairs, json: &mut JsonText<'_>) {
    for (name, value) in headers.iter() {
        json.key_bytes(name).string(value);
    }
}

fn audit_data(record: &Record, style: &AuditStyle, json: &mut JsonText<'_>) {
    if !record.alerts.is_empty() {
        json.key("messages").strings(record.alerts.iter().map(|alert| &alert.text));
    }
    let errors = native::error_messages(record, style);
    if !errors.is_empty() {
        json.key("error_messages").strings(errors);
    }
    action(record, json);
    if record.handled {
        json.key("handler").string(style.handler.as_bytes());
    }
    json.key("stopwatch").object(|json| {
        for (name, micros) in ["p1", "p2", "p3", "p4", "p5"].iter().zip(record.stopwatch.phases) {
            json.key(name).literal(micros);
        }
        ["sr", "sw", "l", "gc"].iter().for_each(|name| json.key(name).literal(0));
    });
    if record.response.body.is_some() {
        json.key("response_body_dechunked").literal(true);
    }
    if record.components.is_empty() {
        json.key("producer").string(style.producer.as_bytes());
    } else {
        json.key("producer").strings(std::iter::once(&style.producer).chain(&*record.components));
    }
    json.key("server").string(style.server.as_bytes());
    sanitized(record, json);
    web_app(record, json);
    if !matches!(record.sensor_id.as_str(), "" | "default") {
        json.key("sensor_id").string(&escaped(record.sensor_id.as_bytes()));
    }
    if let Some(mode) = native::engine_mode(record.engine_mode) {
        json.key("engine_mode").string(mode.as_bytes());
    }
}

fn action(record: &Record, json: &mut JsonText<'_>) {
    let Some(interception) = &record.interception else { return };
    let by_rule = record.alerts.iter().filter_map(|alert| alert.rule.as_ref()).find(|rule| rule.intercepted);
    let message = by_rule.map_or(&interception.message, |rule| &rule.operator_message);
    json.key("action").object(|json| {
        json.key("intercepted").literal(true);
        json.key("phase").literal(interception.phase.number());
        json.key("message").string(message);
    });
}

fn sanitized(record: &Record, json: &mut JsonText<'_>) {
    let lists = [
        ("args", &record.sanitised_args),
        ("request_headers", &record.sanitised_request_headers),
        ("response_headers", &record.sanitised_response_headers),
    ];
    if lists.iter().all(|(_, names)| names.is_empty()) {
        return;
    }
    json.key("sanitized").object(|json| {
        for (key, names) in lists.iter().filter(|(_, names)| !names.is_empty()) {
            json.key(key).strings(names.iter().map(|name| escaped(name)));
        }
    });
}

fn web_app(record: &Record, json: &mut JsonText<'_>) {
    if native::is_default_web_app(record) {
        return;
    }
    let (id, session, user) = &record.web_app;
    json.key("webapp_info").object(|json| {
        for (key, value) in [("id", id), ("session", session), ("user_id", user)] {
            if !value.is_empty() {
                json.key(key).string(&escaped(value));
            }
        }
    });
}

fn uploads(record: &Record, json: &mut JsonText<'_>) {
    json.key("info").array(|json| {
        for upload in &record.uploads {
            json.object(|json| {
                json.key("file_size").literal(upload.size);
                json.key("file_name").string(&escaped(&upload.name));
                let unknown = upload.content_type.is_empty();
                let shown =
                    if unknown { b"<Unknown Content-Type>".to_vec() } else { escaped(&upload.content_type) };
                json.key("content_type").string(&shown);
            });
        }
    });
    json.key("total").literal(native::total_size(&record.uploads));
}

/// v2 shows these values with the escapes of its text logs, under JSON's own.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    log_escape(text, Printable::QuotesAndBackslashes, &mut out);
    out
}

fn matched_rule(rule: &MatchedRule, describe: DescribeRule<'_>, json: &mut JsonText<'_>) {
    let chain = rule.links.len() > 1;
    json.object(|json| {
        json.key("chain").literal(chain);
        json.key("rules").array(|json| rule.links.iter().for_each(|link| matched_link(link, describe, json)));
        if chain {
            json.key("full_chain_match").literal(rule.complete);
        }
    });
}

fn matched_link(link: &MatchedLink, describe: DescribeRule<'_>, json: &mut JsonText<'_>) {
    json.object(|json| {
        if let Some(rule) = describe(link.rule) {
            described(&rule, json);
        }
        json.key("unparsed").string(&link.text);
        json.key("is_matched").literal(link.matched);
    });
}

fn described(rule: &RuleDescription, json: &mut JsonText<'_>) {
    json.key("actionset").object(|json| {
        if let Some(id) = rule.id {
            json.key("id").string(id.to_string().as_bytes());
        }
        for (key, value) in [("rev", &rule.rev), ("version", &rule.version)] {
            if !value.is_empty() {
                json.key(key).string(value);
            }
        }
        let numbers = [("severity", rule.severity), ("accuracy", rule.accuracy), ("maturity", rule.maturity)];
        for (key, value) in numbers {
            if let Some(value) = value {
                json.key(key).literal(value);
            }
        }
        json.key("phase").literal(rule.phase);
        json.key("is_chained").literal(rule.chained);
        if rule.chain_starter {
            json.key("chain_starter").literal(true);
        }
        if !rule.tags.is_empty() {
            json.key("tags").strings(&rule.tags);
        }
    });
    json.key("operator").object(|json| {
        json.key("operator").string(&rule.operator);
        json.key("operator_param").string(&rule.operator_param);
        json.key("target").string(&rule.target);
        json.key("negated").literal(rule.negated);
    });
    json.key("config").object(|json| {
        json.key("filename").string(rule.file.as_bytes());
        json.key("line_num").literal(rule.line);
    });
}
