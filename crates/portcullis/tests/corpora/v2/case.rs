//! A case of the regression tests as its file has it: values are text, bytes, a Perl expression or a request.

use std::collections::BTreeMap;

use base64::Engine as _;
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::Value;

/// See the module. What is not read here is a comment.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// What it is about.
    #[serde(default)]
    pub comment: String,
    /// The configuration, with `${…}` for places.
    #[serde(default)]
    pub conf: Value,
    /// What is sent; nothing where only the start counts.
    #[serde(default)]
    pub request: Value,
    /// Log (`error`, `debug`, `audit`; `-` before it: must not) → expression.
    #[serde(default)]
    pub match_log: BTreeMap<String, Value>,
    /// `status`, `content`, `raw` → expression; `-error` asks for a log.
    #[serde(default)]
    pub match_response: BTreeMap<String, Value>,
    /// A file → expression over its content.
    #[serde(default)]
    pub match_file: BTreeMap<String, Value>,
    /// Code that checks more.
    #[serde(default)]
    pub test: Value,
    /// The configuration was made by code that could not run.
    #[serde(default)]
    pub conf_error: Option<String>,
}

/// What `${…}` stands for in a case.
#[derive(Debug, Default)]
pub struct Places(pub Vec<(&'static str, String)>);

impl Places {
    /// A text with its places filled in.
    pub fn fill(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
    }

    /// An expression, where they stand for themselves.
    fn fill_expression(&self, text: &str) -> String {
        let fill = |text: String, (name, value): &(&str, String)| {
            text.replace(&format!("${{{name}}}"), &regex::escape(value))
        };
        self.0.iter().fold(text.to_owned(), fill)
    }
}

/// Text or bytes.
pub fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Object(members) => {
            let encoded = members.get("$b64")?.as_str()?;
            base64::engine::general_purpose::STANDARD.decode(encoded).ok()
        }
        _ => None,
    }
}

/// The expression that Apache has to meet. Where there is one per server, it is Apache's; `[expression, seconds]` waits.
pub fn expression(value: &Value, places: &Places) -> Result<Regex, String> {
    let value = value.get("apache").unwrap_or(value);
    let value = value.get(0).unwrap_or(value);
    let (text, flags) = match value {
        Value::String(text) => (text.as_str(), ""),
        value => {
            let text =
                value.get("$re").and_then(Value::as_str).ok_or_else(|| format!("no expression: {value}"))?;
            (text, value.get("flags").and_then(Value::as_str).unwrap_or_default())
        }
    };
    let mut builder = RegexBuilder::new(&places.fill_expression(text));
    builder.unicode(false).dot_matches_new_line(flags.contains('s')).multi_line(flags.contains('m'));
    builder.case_insensitive(flags.contains('i')).ignore_whitespace(flags.contains('x'));
    builder.build().map_err(|error| error.to_string())
}

/// The bytes that a client sends: raw ones as they are, others as the client library of the original tests writes them.
pub fn request(value: &Value, places: &Places) -> Result<Option<Vec<u8>>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let Some(message) = value.get("$http") else {
        let raw = bytes(value).ok_or_else(|| format!("no request: {value}"))?;
        return Ok(Some(filled(&raw, places)));
    };
    let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
    let uri = places.fill(text("uri"));
    let (_, rest) = uri.split_once("://").ok_or_else(|| format!("no address: {uri}"))?;
    let (host, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let body = message.get("body").and_then(bytes).map(|body| filled(&body, places));
    let mut given = Vec::new();
    for pair in message.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let part = |at: usize| pair.get(at).and_then(bytes).unwrap_or_default();
        given.push((part(0), filled(&part(1), places)));
    }
    let has = |name: &str| given.iter().any(|(given, _)| given.eq_ignore_ascii_case(name.as_bytes()));
    let mut sent = format!(
        "{} {} HTTP/1.1\r\nTE: deflate,gzip;q=0.3\r\nConnection: TE, close\r\n",
        text("method"),
        if target.is_empty() { "/" } else { target }
    );
    if !has("host") {
        sent.push_str(&format!("Host: {host}\r\n"));
    }
    if !has("user-agent") {
        sent.push_str(&places.fill("User-Agent: ${USER_AGENT}\r\n"));
    }
    let mut sent = sent.into_bytes();
    for (name, value) in &given {
        sent.extend([name.as_slice(), b": ", value, b"\r\n"].concat());
    }
    if let Some(body) = &body
        && !has("content-length")
        && !has("transfer-encoding")
    {
        sent.extend(format!("Content-Length: {}\r\n", body.len()).bytes());
    }
    sent.extend(b"\r\n");
    sent.extend(body.unwrap_or_default());
    Ok(Some(sent))
}

/// Bytes with their places filled in; what is not UTF-8 has none.
fn filled(bytes: &[u8], places: &Places) -> Vec<u8> {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.to_vec(), |text| places.fill(text).into_bytes())
}
