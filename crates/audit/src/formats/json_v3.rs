//! The audit entry in libmodsecurity 3's JSON schema, one object per line, for readers built for that.
//!
//! ```text
//! {"transaction":{"client_ip":"127.0.0.1","time_stamp":"Tue Nov 24 18:23:29 2026","server_id":"2ce1…",…,"messages":[…]}}
//! ```
//!
//! The audit log calls [`entry`]. Only the schema is v3's: `match` holds v2's words (`Pattern match "x" at ARGS:a.`),
//! and `reference`, an internal trace of v3, is empty. All details are strings, absent ones empty or `0`. Only alerts of
//! rules become messages, as there. (manual: "Audit log, JSON in the v3 schema")

use portcullis_engine::Record;
use portcullis_engine::record::{AlertRule, EngineMode};

use super::json::headers;
use super::{AuditStyle, VERSION, native};
use crate::json_text::JsonText;

/// Appends the entry of a record with the parts it asks for, and a newline.
pub fn entry(record: &Record, style: &AuditStyle, out: &mut Vec<u8>) {
    JsonText::new(out, style.json_bytes)
        .object(|json| json.key("transaction").object(|json| transaction(record, style, json)));
    out.push(b'\n');
}

fn transaction(record: &Record, style: &AuditStyle, json: &mut JsonText<'_>) {
    json.key("client_ip").string(record.client.ip().to_canonical().to_string().as_bytes());
    json.key("time_stamp").string(native::entry_moment(record).ctime().as_bytes());
    json.key("server_id").string(style.server_id.as_bytes());
    json.key("client_port").literal(record.client.port());
    json.key("host_ip").string(record.server.ip().to_canonical().to_string().as_bytes());
    json.key("host_port").literal(record.server.port());
    json.key("unique_id").string(record.unique_id.as_bytes());
    json.key("request").object(|json| request(record, json));
    json.key("response").object(|json| response(record, json));
    if record.audit_parts.has(b'H') {
        json.key("producer").object(|json| producer(record, json));
        json.key("messages").array(|json| {
            record.alerts.iter().filter_map(|alert| alert.rule.as_ref()).for_each(|rule| message(rule, json));
        });
    }
}

fn request(record: &Record, json: &mut JsonText<'_>) {
    let request = &record.request;
    json.key("method").string(&request.method);
    json.key("http_version").literal(http_version(&request.protocol));
    json.key("uri").string(&request.target);
    if let Some(body) = request.body.as_deref().filter(|_| record.audit_parts.has(b'C')) {
        json.key("body").string(body);
    }
    if record.audit_parts.has(b'B') {
        json.key("headers").object(|json| headers(&request.headers, json));
    }
}

fn response(record: &Record, json: &mut JsonText<'_>) {
    let response = &record.response;
    if let Some(body) = response.body.as_deref().filter(|_| record.audit_parts.has(b'E')) {
        json.key("body").string(body);
    }
    json.key("http_code").literal(response.status);
    if record.audit_parts.has(b'F') {
        json.key("headers").object(|json| headers(&response.headers, json));
    }
}

/// A number in this schema; what is not a version the protocol knows counts as 0.9.
fn http_version(protocol: &[u8]) -> &'static str {
    match protocol.strip_prefix(b"HTTP/") {
        Some(b"1.0") => "1.0",
        Some(b"1.1") => "1.1",
        Some(b"2.0" | b"2") => "2.0",
        Some(b"3.0" | b"3") => "3.0",
        _ => "0.9",
    }
}

fn producer(record: &Record, json: &mut JsonText<'_>) {
    let software = format!("Portcullis v{VERSION}");
    json.key("modsecurity").string(software.as_bytes());
    json.key("connector").string(software.as_bytes());
    let mode = match record.engine_mode {
        EngineMode::Off => "Disabled",
        EngineMode::DetectionOnly => "DetectionOnly",
        EngineMode::On => "Enabled",
    };
    json.key("secrules_engine").string(mode.as_bytes());
    json.key("components").strings(&*record.components);
}

fn message(rule: &AlertRule, json: &mut JsonText<'_>) {
    let number = |value: Option<u8>| value.unwrap_or(0).to_string();
    json.object(|json| {
        json.key("message").string(&rule.msg);
        json.key("details").object(|json| {
            json.key("match").string(&rule.operator_message);
            json.key("reference").string(b"");
            json.key("ruleId").string(rule.id.to_string().as_bytes());
            json.key("file").string(rule.file.as_bytes());
            json.key("lineNumber").string(rule.line.to_string().as_bytes());
            json.key("data").string(&rule.data);
            json.key("severity").string(number(rule.severity).as_bytes());
            json.key("ver").string(&rule.ver);
            json.key("rev").string(&rule.rev);
            json.key("tags").strings(&rule.tags);
            json.key("maturity").string(number(rule.maturity).as_bytes());
            json.key("accuracy").string(number(rule.accuracy).as_bytes());
        });
    });
}
