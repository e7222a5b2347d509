//! Runs `corpus/http1/requests.jsonl`: raw requests, what Apache httpd 2.4 made of them, and the deviations we name.
//!
//! A case holds `raw` (a string, byte = code point, or a list of strings and [unit, count]), and what is expected:
//! `refused` [status, stage] (absent: accepted), `body` (the status for a broken body), `method`, `target`,
//! `protocol`, `headers` as rules see them (joined), `body_length`, `deviations` (names in table order). `differs`
//! says why the expectation is not httpd's.

use std::fmt::Write as _;

use portcullis_http1::{
    BodyDecoder, BodyLimits, Inbound, RequestHead, RequestReader, Settings, Stage, for_each_joined,
};
use serde_json::{Value, json};

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("code points are bytes")).collect()
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

fn raw(value: &Value) -> Vec<u8> {
    match value {
        Value::String(whole) => latin1(whole),
        Value::Array(parts) => parts
            .iter()
            .flat_map(|part| match part {
                Value::String(piece) => latin1(piece),
                repeated => latin1(repeated[0].as_str().expect("unit"))
                    .repeat(usize::try_from(repeated[1].as_u64().expect("count")).expect("count")),
            })
            .collect(),
        _ => panic!("raw is a string or a list"),
    }
}

/// Feeds `input` in pieces and returns all that can be observed, as JSON.
fn observe(input: &[u8], piece: usize) -> Value {
    let mut inbound = Inbound::default();
    let mut reader = RequestReader::new(Settings::default());
    let mut pieces = input.chunks(piece);
    let complete = loop {
        if reader.read(&mut inbound).is_some() {
            break true;
        }
        match pieces.next() {
            Some(next) => inbound.feed(next),
            None => break reader.end(&mut inbound).is_some(),
        }
    };
    assert!(complete, "no head in {:?}", text(input));
    let head = reader.head();
    let mut seen = describe(head);
    if head.refusal().is_none_or(|r| r.stage == Stage::Forward) {
        let mut decoder = BodyDecoder::new(head.framing(), BodyLimits::default());
        let (length, error) = body(&mut decoder, &mut inbound, pieces);
        if let Some(status) = error {
            seen["body"] = json!(status);
        } else {
            seen["body_length"] = json!(length);
        }
        let mut names = names_of(head.deviations().iter());
        names.extend(names_of(decoder.deviations().iter()));
        seen["deviations"] = json!(names);
    }
    seen
}

fn names_of(deviations: impl Iterator<Item = portcullis_http1::Deviation>) -> Vec<&'static str> {
    deviations.map(|d| d.name()).collect()
}

fn body<'a>(
    decoder: &mut BodyDecoder,
    inbound: &mut Inbound,
    mut pieces: impl Iterator<Item = &'a [u8]>,
) -> (u64, Option<u16>) {
    let mut length = 0;
    loop {
        let (consumed, end) = match decoder.decode(inbound.unread()) {
            Ok(step) => {
                length += step.data.len() as u64;
                (step.consumed, step.end)
            }
            Err(error) => return (length, Some(error.status())),
        };
        inbound.consume(consumed);
        if end {
            return (length, None);
        }
        if consumed == 0 {
            match pieces.next() {
                Some(next) => inbound.feed(next),
                None => return (length, decoder.end_of_input().err().map(|e| e.status())),
            }
        }
    }
}

fn describe(head: &RequestHead) -> Value {
    let mut headers = Vec::new();
    let fields: Vec<_> = head.headers().collect();
    for_each_joined(&fields.iter().copied(), &mut Vec::new(), |name, value| {
        headers.push(json!([text(name), text(value)]));
    });
    let mut seen = json!({
        "method": text(head.method()),
        "target": text(head.target()),
        "protocol": text(head.protocol()),
        "headers": headers,
        "deviations": names_of(head.deviations().iter()),
    });
    if let Some(refusal) = head.refusal() {
        let stage = match refusal.stage {
            Stage::Head => "head",
            Stage::Path => "path",
            Stage::Forward => "forward",
        };
        seen["refused"] = json!([refusal.status, stage]);
    }
    seen
}

#[test]
fn corpus() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/http1/requests.jsonl");
    let corpus = std::fs::read_to_string(path).expect("the corpus is part of the repository");
    let (mut ran, mut failed, mut report) = (0, 0, String::new());
    for line in corpus.lines() {
        let case: Value = serde_json::from_str(line).expect("a JSON object per line");
        let input = raw(&case["raw"]);
        let seen = observe(&input, usize::MAX);
        ran += 1;
        let mut wrong = String::new();
        for key in ["refused", "body", "method", "target", "protocol", "headers", "body_length", "deviations"]
        {
            let always = matches!(key, "refused" | "body" | "deviations");
            if seen[key] != case[key] && (always || !case[key].is_null()) {
                let _ = write!(wrong, "\n    {key}: {} instead of {}", seen[key], case[key]);
            }
        }
        for piece in [1, 7] {
            if observe(&input, piece) != seen {
                let _ = write!(wrong, "\n    fed in pieces of {piece}: {}", observe(&input, piece));
            }
        }
        if !wrong.is_empty() {
            failed += 1;
            let _ = write!(report, "\n  {}:{wrong}", case["name"]);
        }
    }
    println!("requests.jsonl: ran {ran}, passed {}, failed {failed}, skipped 0", ran - failed);
    assert!(ran > 0, "the corpus is empty");
    assert_eq!(failed, 0, "{report}");
}
