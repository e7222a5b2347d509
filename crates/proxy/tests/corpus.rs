//! Runs `corpus/http1/requests.jsonl` through the proxy: what is refused is refused in its time and never forwarded,
//! and what is accepted reaches the origin as one plain message that says what the rules saw.

mod support;

use portcullis_http1::{Deviation, Framing, Inbound, Known, Policy, RequestReader, Settings};
use serde_json::Value;
use std::path::Path;
use support::{Bench, OK, alerts, shown};

const ALL: &str = "SecAction \"id:1,phase:1,pass\"\nSecAction \"id:2,phase:2,pass\"\nSecAction \"id:3,phase:3,pass\"\n\
                   SecAction \"id:4,phase:4,pass\"\nSecAction \"id:5,phase:5,pass\"";

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("code points are bytes")).collect()
}

/// A string (byte = code point), or a list of strings and [unit, count].
fn raw(value: &Value) -> Vec<u8> {
    let Some(parts) = value.as_array() else {
        return latin1(value.as_str().expect("raw is a string or a list"));
    };
    let part = |part: &Value| match part.as_str() {
        Some(piece) => latin1(piece),
        None => latin1(part[0].as_str().unwrap()).repeat(part[1].as_u64().unwrap() as usize),
    };
    parts.iter().flat_map(part).collect()
}

/// What the case says must come of it: status (0: whatever the origin says) and the rules that run.
fn expectation(case: &Value, inspected: bool) -> (u64, Vec<u64>) {
    if let Some(refused) = case["refused"].as_array() {
        let ids: &[u64] = match refused[1].as_str().unwrap() {
            "head" => &[1, 5],
            "path" => &[1, 3, 4, 5],
            _ => &[1, 2, 3, 4, 5],
        };
        return (refused[0].as_u64().unwrap(), ids.to_vec());
    }
    match case["body"].as_u64() {
        // Phase 2 has run before a body that is not inspected turns out to be broken.
        Some(_) if inspected && announces_too_much(case) => (413, vec![1, 3, 4, 5]),
        Some(status) => (status, if inspected { vec![1, 3, 4, 5] } else { vec![1, 2, 3, 4, 5] }),
        None => (0, vec![1, 2, 3, 4, 5]),
    }
}

/// Whether the rules' limit on bodies comes before anything else.
fn announces_too_much(case: &Value) -> bool {
    let headers = case["headers"].as_array().map_or(&[][..], Vec::as_slice);
    let length = headers.iter().find(|header| header[0] == "Content-Length");
    length.and_then(|header| header[1].as_str()?.parse::<u64>().ok()).is_some_and(|length| length > 1 << 27)
}

/// Whether a forwarded request is one plain message: no second reader could see another one.
fn check_plain(name: &str, forwarded: &[u8]) -> RequestReader {
    let mut settings = Settings::default();
    // The proxy adds fields to a head that may have as many as the limit.
    settings.limits.fields += 5;
    // The authority of an absolute target may name any port, as in httpd, and becomes the Host.
    settings.policies.set(Deviation::InvalidHost, Policy::Pass).unwrap();
    let mut reader = RequestReader::new(settings);
    let mut inbound = Inbound::default();
    inbound.feed(forwarded);
    assert!(reader.read(&mut inbound).is_some(), "{name}: {}", shown(forwarded));
    let head = reader.head();
    assert_eq!(head.refusal(), None, "{name}: {}", shown(head.raw()));
    // What concerns the target or fields without meaning to the proxy passes; all else has been put right.
    let passes = [
        Deviation::NonAsciiTarget,
        Deviation::UnsafeTargetByte,
        Deviation::AsteriskForm,
        Deviation::EncodedSlash,
        Deviation::UnderscoreAlias,
        Deviation::InvalidHost,
    ];
    assert!(head.deviations().iter().all(|d| passes.contains(&d)), "{name}: {}", shown(head.raw()));
    assert_eq!(head.protocol(), b"HTTP/1.1", "{name}");
    let count = |known: Known| head.known(known).count();
    assert_eq!(count(Known::Host), 1, "{name}");
    assert_eq!((count(Known::XForwardedFor), count(Known::XForwardedProto)), (1, 1), "{name}");
    let framings = count(Known::ContentLength) + count(Known::TransferEncoding);
    assert_eq!(framings, usize::from(head.framing() != Framing::None), "{name}");
    assert_eq!(count(Known::Connection), usize::from(head.wants_upgrade()), "{name}");
    reader
}

#[test]
fn every_case_is_refused_in_time_or_forwarded_plainly() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/http1/requests.jsonl");
    let text = std::fs::read_to_string(path).expect("the corpus belongs to the repository");
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect();
    let mut forwarded_cases = 0;
    for inspected in [true, false] {
        let access = if inspected { "On" } else { "Off" };
        let running = Bench::new(&format!("SecRequestBodyAccess {access}\n{ALL}")).answering(OK);
        let mut seen = 0;
        for case in &cases {
            let name = format!("{} (inspected: {inspected})", case["name"]);
            let got = running.talk(&raw(&case["raw"]));
            let exchange = running.exchange();
            let (status, ids) = expectation(case, inspected);
            assert_eq!(alerts(&exchange), ids, "{name}: {}", shown(&got));
            let expected = if status == 0 { 200 } else { status };
            assert_eq!(exchange.status.map(u64::from), Some(expected), "{name}: {:?}", exchange.error);
            let requests = running.origin.requests().split_off(seen);
            seen += requests.len();
            if status != 0 {
                assert_eq!(requests.len(), 0, "{name}");
            } else {
                let reader = check_plain(&name, &requests[0]);
                let record = &exchange.record.request;
                assert_eq!(shown(reader.head().method()), shown(&record.method), "{name}");
                let asked = reader.head().target();
                assert!(
                    record.target.ends_with(asked) || asked.starts_with(b"/"),
                    "{name}: {}",
                    shown(asked)
                );
                forwarded_cases += 1;
            }
            // What follows on the same connection is taken apart in the same way.
            while let Some(further) = running.waiting_exchange() {
                assert!(further.status.is_some(), "{name}");
            }
            let further = running.origin.requests().split_off(seen);
            seen += further.len();
            further
                .iter()
                .chain(requests.iter().skip(1))
                .for_each(|request| drop(check_plain(&name, request)));
        }
    }
    assert!(cases.len() > 500 && forwarded_cases > 200, "{} cases, {forwarded_cases} forwarded", cases.len());
}
