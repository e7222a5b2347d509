//! A case as the files have it.
//!
//! Texts may be one string or a list of lines, headers an object or nothing; what is absent has a default.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// A case.
#[derive(Debug, Default)]
pub struct Case {
    pub disabled: bool,
    pub title: String,
    pub client: End,
    pub server: End,
    pub request: Message,
    pub response: Message,
    pub expected: Expected,
    pub rules: Lines,
}

/// An end of the connection.
#[derive(Debug, Default, Deserialize)]
pub struct End {
    #[serde(default)]
    pub ip: String,
    #[serde(default)]
    pub port: u16,
}

/// A request or a response.
#[derive(Debug, Default, Deserialize)]
pub struct Message {
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub uri: Option<String>,
    #[serde(default)]
    pub http_version: Option<serde_json::Value>,
    #[serde(default)]
    pub protocol: Option<String>,
    #[serde(default)]
    pub headers: Headers,
    #[serde(default)]
    pub body: Lines,
}

/// What must come of it.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Expected {
    pub debug_log: String,
    pub error_log: String,
    pub audit_log: String,
    pub parser_error: String,
    pub http_code: u16,
}

impl Default for Expected {
    fn default() -> Self {
        let none = String::new;
        Self { debug_log: none(), error_log: none(), audit_log: none(), parser_error: none(), http_code: 200 }
    }
}

/// Header fields in the order of the file.
#[derive(Debug, Default)]
pub struct Headers(pub Vec<(String, String)>);

/// A text.
#[derive(Debug, Default)]
pub struct Lines(pub String);

/// Written by hand because some cases have a member twice: the later one counts.
impl<'de> Deserialize<'de> for Case {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Case;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a case")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Case, M::Error> {
                let mut case = Case::default();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "enabled" => case.disabled = map.next_value::<u8>()? == 0,
                        "title" => case.title = map.next_value()?,
                        "client" => case.client = map.next_value()?,
                        "server" => case.server = map.next_value()?,
                        "request" => case.request = map.next_value()?,
                        "response" => case.response = map.next_value()?,
                        "expected" => case.expected = map.next_value()?,
                        "rules" => case.rules = map.next_value()?,
                        _ => drop(map.next_value::<serde::de::IgnoredAny>()?),
                    }
                }
                Ok(case)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(String),
            Many(Vec<String>),
            Nothing,
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::One(text) => text,
            // Every line is ended there, the last one too.
            Form::Many(lines) => lines.iter().map(|line| format!("{line}\n")).collect(),
            Form::Nothing => String::new(),
        }))
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Headers;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("header fields")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Headers, M::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    fields.push((name, value));
                }
                Ok(Headers(fields))
            }

            fn visit_str<E>(self, _: &str) -> Result<Headers, E> {
                Ok(Headers::default())
            }

            fn visit_unit<E>(self) -> Result<Headers, E> {
                Ok(Headers::default())
            }
        }
        deserializer.deserialize_any(InOrder)
    }
}
