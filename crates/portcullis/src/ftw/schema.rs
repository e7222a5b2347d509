//! The YAML of a test file as written: both layouts of the CRS, every key of the format by name.
//!
//! ```yaml
//! rule_id: 911100                       # or: meta: {name: "911100.yaml"}
//! tests:
//!   - test_id: 5                        # or: test_title: 911100-5
//!     stages:
//!       - input: {method: TEST, uri: /} # or: stage: {input: …, output: …}
//!         output: {log: {expect_ids: [911100]}}
//! ```
//!
//! Only `load` reads these types; it turns them into [`super::case::Case`]. An unknown key is an error with its line,
//! because a misspelt `expect_ids` would otherwise be a test that cannot fail.

use serde::Deserialize;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A file of tests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileText {
    #[serde(rename = "meta")]
    pub _meta: Option<MetaText>,
    /// Seen beside `meta` instead of in it; means nothing.
    #[serde(rename = "author")]
    pub _author: Option<String>,
    /// The rule under test.
    pub rule_id: Option<u64>,
    /// The tests.
    #[serde(default)]
    pub tests: Vec<TestText>,
}

/// The head of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaText {
    #[serde(rename = "author")]
    pub _author: Option<String>,
    /// Deprecated and without effect in the format: overrides and skip files say what is not run.
    #[serde(rename = "enabled")]
    pub _enabled: Option<bool>,
    #[serde(rename = "name")]
    pub _name: Option<String>,
    #[serde(rename = "description")]
    pub _description: Option<String>,
    #[serde(rename = "version")]
    pub _version: Option<String>,
    #[serde(rename = "tags", default)]
    pub _tags: Vec<String>,
}

/// One test.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestText {
    /// The name in the older layout: `911100-5`.
    pub test_title: Option<String>,
    /// The rule under test, when it differs from the file's.
    #[serde(alias = "ruleid")]
    pub rule_id: Option<u64>,
    /// Number within the rule; the position when absent.
    pub test_id: Option<u64>,
    #[serde(rename = "desc", alias = "description")]
    pub _desc: Option<String>,
    #[serde(rename = "tags", default)]
    pub _tags: Vec<String>,
    /// Requests in order.
    pub stages: Vec<StageText>,
}

/// A stage in either layout.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageText {
    #[serde(rename = "description", alias = "desc")]
    pub _description: Option<String>,
    /// The request.
    pub input: Option<InputText>,
    /// What must come of it.
    pub output: Option<OutputText>,
    /// The older layout's envelope.
    pub stage: Option<StageBodyText>,
}

/// What stands inside `stage:` in the older layout.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageBodyText {
    /// The request.
    pub input: InputText,
    /// What must come of it.
    pub output: OutputText,
}

/// A request.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputText {
    /// Where the test's author sent it; a run sends everything to one place.
    #[serde(rename = "dest_addr")]
    pub _dest_addr: Option<String>,
    /// Likewise.
    #[serde(rename = "port")]
    pub _port: Option<u16>,
    /// `http` or `https`.
    pub protocol: Option<String>,
    /// `GET` when absent.
    pub method: Option<String>,
    /// `/` when absent.
    pub uri: Option<String>,
    /// Several targets for the same test; `uri` is then ignored.
    #[serde(default)]
    pub uris: Vec<String>,
    /// `HTTP/1.1` when absent.
    pub version: Option<String>,
    /// In the order written.
    #[serde(default)]
    pub headers: HeadersText,
    /// The body.
    pub data: Option<String>,
    /// The body in base64.
    pub encoded_data: Option<String>,
    /// The whole request in base64.
    pub encoded_request: Option<String>,
    /// The whole request as text.
    pub raw_request: Option<String>,
    /// Keep cookies for the following stages.
    pub save_cookie: Option<bool>,
    /// Go where the stage before was sent.
    pub follow_redirect: Option<bool>,
    /// `true`: no header is added.
    pub stop_magic: Option<bool>,
    /// `false`: no header is added.
    pub autocomplete_headers: Option<bool>,
    /// What the origin shall answer.
    pub response: Option<ResponseText>,
}

/// An answer that the origin shall give.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponseText {
    /// 200 when absent.
    pub status: Option<u16>,
    /// Its header fields.
    #[serde(default)]
    pub headers: HeadersText,
    /// Its body.
    pub body: Option<String>,
    /// Its body in base64.
    pub encoded_body: Option<String>,
    /// A line for the origin's own log, which no test reads.
    #[serde(rename = "log_message")]
    pub _log_message: Option<String>,
}

/// What must come of a request.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputText {
    /// One of these.
    #[serde(default)]
    pub status: OneOrMany,
    /// A piece of the response.
    pub response_contains: Option<String>,
    /// A pattern that a log line must match (older layout).
    pub log_contains: Option<String>,
    /// A pattern that no log line may match (older layout).
    pub no_log_contains: Option<String>,
    /// The newer layout's log expectations.
    #[serde(default)]
    pub log: Option<LogText>,
    /// A broken or missing answer is fine.
    pub expect_error: Option<bool>,
    /// Run the stage again when it fails.
    pub retry_once: Option<bool>,
    /// No rule but those of `expect_ids` may match.
    pub isolated: Option<bool>,
}

/// Expectations about log lines.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogText {
    /// Every one of these rules.
    #[serde(default)]
    pub expect_ids: OneOrMany,
    /// None of these rules.
    #[serde(default)]
    pub no_expect_ids: OneOrMany,
    /// A line that matches.
    pub match_regex: Option<String>,
    /// No line that matches.
    pub no_match_regex: Option<String>,
}

/// A file of deviations that a platform is allowed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverridesText {
    #[serde(rename = "version")]
    pub _version: Option<String>,
    #[serde(rename = "meta")]
    pub _meta: Option<de::IgnoredAny>,
    /// Each replaces the expectations of some tests.
    #[serde(default)]
    pub test_overrides: Vec<OverrideText>,
}

/// One deviation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverrideText {
    /// The rule whose tests it changes.
    pub rule_id: u64,
    /// Which of them; all when empty.
    #[serde(default)]
    pub test_ids: Vec<u64>,
    /// Which stages (from 0); all when empty.
    #[serde(default)]
    pub stage_ids: Vec<usize>,
    /// Why.
    #[serde(rename = "reason")]
    pub _reason: Option<String>,
    /// Run a stage again when it fails.
    pub retry_once: Option<bool>,
    /// The expectations instead.
    #[serde(default)]
    pub output: OutputText,
}

/// A number or a list of numbers.
#[derive(Debug, Default, Clone)]
pub struct OneOrMany(pub Vec<u64>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl<'de> Visitor<'de> for Numbers {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a list of numbers")
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![value]))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<OneOrMany, E> {
                u64::try_from(value).map(|v| OneOrMany(vec![v])).map_err(|_| E::custom("a negative number"))
            }
            fn visit_unit<E: de::Error>(self) -> Result<OneOrMany, E> {
                Ok(OneOrMany::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut numbers = Vec::new();
                while let Some(number) = seq.next_element()? {
                    numbers.push(number);
                }
                Ok(OneOrMany(numbers))
            }
        }
        deserializer.deserialize_any(Numbers)
    }
}

/// Header fields in the order written: a mapping, or a list of `{name: …, value: …}` when a name repeats.
#[derive(Debug, Default, Clone)]
pub struct HeadersText(pub Vec<(String, String)>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedField {
    name: String,
    value: Option<String>,
}

impl<'de> Deserialize<'de> for HeadersText {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = HeadersText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of header names to values, or a list of {name, value}")
            }
            fn visit_unit<E: de::Error>(self) -> Result<HeadersText, E> {
                Ok(HeadersText::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeadersText, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Option<String>>()? {
                    fields.push((name, value.unwrap_or_default()));
                }
                Ok(HeadersText(fields))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<HeadersText, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = seq.next_element::<NamedField>()? {
                    fields.push((field.name, field.value.unwrap_or_default()));
                }
                Ok(HeadersText(fields))
            }
        }
        deserializer.deserialize_any(Fields)
    }
}
