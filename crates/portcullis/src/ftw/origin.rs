//! The origin that the CRS tests count on, as a pure function.
//!
//! `POST /reflect` with `{"status": 500, "headers": {"X": "y"}, "body": "…", "encodedBody": "…base64…"}` is answered
//! with just that; every other request gets 200 without a body. An answer with a body but no `Content-Type` gets one
//! guessed from its first bytes, because the response rules look at the type. Used by `--site`; with `--url` the
//! firewall's own origin answers.

use base64::Engine as _;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the firewall forwards.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a [u8],
    /// The request target.
    pub target: &'a [u8],
    /// The body without transfer coding.
    pub body: &'a [u8],
}

/// What the origin answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header fields in order; the length is the caller's to add.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

#[derive(Deserialize)]
struct Reflection {
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    headers: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default, rename = "encodedBody")]
    encoded_body: Option<String>,
}

/// The origin's answer.
pub fn answer(asked: &Asked<'_>) -> Answer {
    let path = asked.target.split(|b| *b == b'?').next().unwrap_or_default();
    let path = path.strip_suffix(b"/").unwrap_or(path);
    if path == b"/reflect" && asked.method.eq_ignore_ascii_case(b"POST") {
        reflect(asked.body)
    } else {
        plain(200, "")
    }
}

fn reflect(body: &[u8]) -> Answer {
    let Ok(wanted) = serde_json::from_slice::<Reflection>(body) else {
        return plain(400, "Invalid JSON in request body");
    };
    let status = match wanted.status {
        None | Some(0) => 200,
        Some(status @ 100..600) => status,
        Some(_) => return plain(400, "Invalid status code"),
    };
    let body = match (wanted.body.filter(|b| !b.is_empty()), wanted.encoded_body) {
        (Some(body), _) => body.into_bytes(),
        (None, Some(encoded)) => match base64::engine::general_purpose::STANDARD.decode(encoded) {
            Ok(body) => body,
            Err(_) => return plain(400, "invalid base64 encoding of response body"),
        },
        (None, None) => Vec::new(),
    };
    let framing = ["content-length", "transfer-encoding"];
    let given = wanted.headers.unwrap_or_default().into_iter();
    let headers = given.filter(|(name, _)| !framing.contains(&name.to_ascii_lowercase().as_str()));
    let headers = headers.map(|(name, value)| match value {
        serde_json::Value::String(text) => (name, text),
        other => (name, other.to_string()),
    });
    with_type(Answer { status, headers: headers.collect(), body })
}

fn plain(status: u16, body: &str) -> Answer {
    with_type(Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
}

fn with_type(mut answer: Answer) -> Answer {
    let typed = |name: &str| {
        name.eq_ignore_ascii_case("content-type") || name.eq_ignore_ascii_case("content-encoding")
    };
    if !answer.body.is_empty() && !answer.headers.iter().any(|(name, _)| typed(name)) {
        answer.headers.push(("Content-Type".to_owned(), guess(&answer.body).to_owned()));
    }
    answer
}

/// The part of the WHATWG sniffing table that test bodies can tell apart.
fn guess(body: &[u8]) -> &'static str {
    let start = body.get(..512).unwrap_or(body);
    let text = start.trim_ascii_start().to_ascii_lowercase();
    let tags: [&[u8]; 17] = [
        b"<!doctype html",
        b"<html",
        b"<head",
        b"<script",
        b"<iframe",
        b"<h1",
        b"<div",
        b"<font",
        b"<table",
        b"<a",
        b"<style",
        b"<title",
        b"<b",
        b"<body",
        b"<br",
        b"<p",
        b"<!--",
    ];
    let is_tag = |tag: &&[u8]| {
        text.strip_prefix(*tag)
            .is_some_and(|rest| *tag == b"<!--" || matches!(rest.first(), Some(b' ' | b'>')))
    };
    if tags.iter().any(is_tag) {
        return "text/html; charset=utf-8";
    }
    if text.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    let magic: [(&[u8], &str); 8] = [
        (b"%PDF-", "application/pdf"),
        (b"%!PS-Adobe-", "application/postscript"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b\x08", "application/x-gzip"),
    ];
    if let Some((_, name)) = magic.iter().find(|(lead, _)| start.starts_with(lead)) {
        return name;
    }
    let binary = |b: &u8| matches!(b, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    if start.iter().any(binary) { "application/octet-stream" } else { "text/plain; charset=utf-8" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflects_what_it_is_told() {
        let body = br#"{"status": 500, "headers": {"X-A": "b"}, "body": "<html>x"}"#;
        let got = answer(&Asked { method: b"POST", target: b"/reflect/?a", body });
        assert_eq!((got.status, got.body.as_slice()), (500, &b"<html>x"[..]));
        let expected = [("X-A", "b"), ("Content-Type", "text/html; charset=utf-8")];
        assert_eq!(got.headers, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        let encoded =
            answer(&Asked { method: b"POST", target: b"/reflect", body: br#"{"encodedBody":"aGk="}"# });
        assert_eq!(encoded.body, b"hi");
    }

    #[test]
    fn everything_else_is_200_and_empty() {
        assert_eq!(answer(&Asked { method: b"GET", target: b"/reflect", body: b"" }), plain(200, ""));
        assert_eq!(answer(&Asked { method: b"POST", target: b"/reflect", body: b"{" }).status, 400);
    }
}
