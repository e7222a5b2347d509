//! Runs `corpus/http1/responses.jsonl`: raw answers of an origin and what the response side makes of them.
//!
//! A case holds `raw`, perhaps the request's `method`, and either `error` (part of the text), or `status` and
//! `body` or `broken` (the text of the body error), and perhaps `reason`, `headers`, `trailers`, `keep_alive`,
//! `until_close` and `rest` (what stays for the next answer).

use portcullis_http1::{BodyDecoder, BodyLimits, Framing, Inbound, Limits, ResponseError, ResponseReader};
use serde_json::{Value, json};

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("code points are bytes")).collect()
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

fn pairs<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Value {
    fields.map(|(name, value)| json!([text(name), text(value)])).collect()
}

fn observe(input: &[u8], method: &[u8], piece: usize) -> Value {
    let mut inbound = Inbound::default();
    let mut reader = ResponseReader::new(Limits::for_responses());
    let mut pieces = input.chunks(piece);
    loop {
        match reader.read(&mut inbound) {
            Ok(Some(_)) => break,
            Ok(None) => {}
            Err(error) => return json!({ "error": error.to_string() }),
        }
        match pieces.next() {
            Some(next) => inbound.feed(next),
            None => return json!({ "error": ResponseError::Truncated.to_string() }),
        }
    }
    let head = reader.head();
    let framing = head.framing(method);
    let mut seen = json!({
        "status": head.status(),
        "reason": text(head.reason()),
        "headers": pairs(head.headers()),
        "keep_alive": head.keep_alive(),
        "until_close": framing == Framing::UntilClose,
    });
    let mut decoder = BodyDecoder::new(framing, BodyLimits::default());
    let mut body = Vec::new();
    let end = loop {
        match decoder.decode(inbound.unread()) {
            Ok(step) => {
                body.extend_from_slice(step.data);
                let (consumed, end) = (step.consumed, step.end);
                inbound.consume(consumed);
                if end {
                    break Ok(());
                }
                if consumed == 0 {
                    match pieces.next() {
                        Some(next) => inbound.feed(next),
                        None => break decoder.end_of_input(),
                    }
                }
            }
            Err(error) => break Err(error),
        }
    };
    match end {
        Ok(()) => {
            seen["body"] = json!(text(&body));
            seen["trailers"] = pairs(decoder.trailers());
        }
        Err(error) => seen["broken"] = json!(error.to_string()),
    }
    for next in pieces {
        inbound.feed(next);
    }
    seen["rest"] = json!(text(inbound.unread()));
    seen
}

#[test]
fn corpus() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/http1/responses.jsonl");
    let corpus = std::fs::read_to_string(path).expect("the corpus is part of the repository");
    let (mut ran, mut report) = (0, Vec::new());
    for line in corpus.lines() {
        let case: Value = serde_json::from_str(line).expect("a JSON object per line");
        let input = latin1(case["raw"].as_str().expect("raw"));
        let method = case["method"].as_str().unwrap_or("GET").as_bytes();
        let seen = observe(&input, method, usize::MAX);
        ran += 1;
        for (key, expected) in case.as_object().expect("an object") {
            let fine = match key.as_str() {
                "name" | "raw" | "method" => true,
                "error" => {
                    seen["error"].as_str().is_some_and(|e| e.contains(expected.as_str().unwrap_or("-")))
                }
                _ => seen[key] == *expected,
            };
            if !fine {
                report.push(format!("{}: {key} is {} instead of {expected}", case["name"], seen[key]));
            }
        }
        for piece in [1, 3] {
            if observe(&input, method, piece) != seen {
                report.push(format!("{}: differs when fed in pieces of {piece}", case["name"]));
            }
        }
    }
    println!("responses.jsonl: ran {ran}, failed {}, skipped 0", report.len());
    assert!(ran > 0, "the corpus is empty");
    assert!(report.is_empty(), "{}", report.join("\n"));
}
