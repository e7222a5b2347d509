//! Compressed request bodies: rules see the text, the origin gets the bytes as they were sent.

mod support;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use std::io::Write as _;
use support::{Bench, OK, alerts, shown};

const RULES: &str = "SecRule ARGS:a \"@streq attack\" \"id:1,phase:2,deny,status:403\"\n\
                     SecRule REQBODY_ERROR \"@eq 1\" \"id:2,phase:2,pass\"\n\
                     SecAction \"id:3,phase:2,pass\"";
/// `a=attack` in an uncompressed brotli block, then an empty last one.
const BROTLI: [u8; 12] = [0x8b, 0x03, 0x80, b'a', b'=', b'a', b't', b't', b'a', b'c', b'k', 0x03];

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn post(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n{coding}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Sends a body and returns the ids of the rules that matched; what passes must reach the origin as it was sent.
fn matched(bench: Bench, coding: &str, body: &[u8]) -> Vec<u64> {
    let running = bench.answering(OK);
    let got = running.talk(&post(coding, body));
    let exchange = running.exchange();
    let denied = exchange.status == Some(403);
    let requests = running.origin.requests();
    assert_eq!(requests.len(), usize::from(!denied), "{coding}: {}", shown(&got));
    assert!(requests.iter().all(|request| request.ends_with(body)), "{coding}");
    alerts(&exchange)
}

#[test]
fn rules_see_the_text() {
    let text = b"a=attack";
    for (coding, body) in [
        ("gzip", gzip(text)),
        ("x-gzip", gzip(text)),
        ("GZIP", gzip(text)),
        ("identity, gzip", gzip(text)),
        ("deflate", zlib(text)),
        ("deflate", deflate(text)),
        ("br", BROTLI.to_vec()),
        ("identity", text.to_vec()),
    ] {
        let field = format!("Content-Encoding: {coding}\r\n");
        assert_eq!(matched(Bench::new(RULES), &field, &body), [1], "{coding}");
    }
    let harmless = gzip(b"a=b");
    assert_eq!(matched(Bench::new(RULES), "Content-Encoding: gzip\r\n", &harmless), [3]);
}

#[test]
fn what_cannot_be_undone_is_an_error_of_the_body() {
    let text: Vec<u8> = (0..5000u32).flat_map(|n| format!("a{n}=b&").into_bytes()).collect();
    let whole = gzip(&text);
    let cut = |body: Vec<u8>| body[..body.len() - 9].to_vec();
    let mut flipped = whole.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    for (name, coding, body) in [
        ("no gzip", "gzip", b"a=attack".to_vec()),
        ("cut gzip", "gzip", cut(whole.clone())),
        ("wrong checksum", "gzip", flipped),
        ("cut zlib", "deflate", cut(zlib(&text))),
        ("cut deflate", "deflate", cut(deflate(&text))),
        ("cut brotli", "br", BROTLI[..8].to_vec()),
        ("bytes behind", "gzip", [whole.as_slice(), b"a=attack"].concat()),
        ("twice", "gzip, gzip", gzip(&gzip(b"a=attack"))),
        ("one of them unknown", "x, gzip", gzip(b"a=attack")),
    ] {
        let field = format!("Content-Encoding: {coding}\r\n");
        assert_eq!(matched(Bench::new(RULES), &field, &body), [2, 3], "{name}");
    }
    // Twenty thousand bytes for twenty millions: the ratio stops it before the rules' limit does.
    let large = format!("SecRequestBodyNoFilesLimit 100000000\n{RULES}");
    let bomb = gzip(&vec![b'a'; 20_000_000]);
    assert_eq!(matched(Bench::new(&large), "Content-Encoding: gzip\r\n", &bomb), [2, 3]);
    let two = "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n";
    assert_eq!(matched(Bench::new(RULES), two, &gzip(&gzip(b"a=attack"))), [2, 3]);
}

#[test]
fn codings_nobody_knows_and_a_ratio_of_0_leave_the_body_as_it_is() {
    assert_eq!(matched(Bench::new(RULES), "Content-Encoding: x\r\n", b"a=attack"), [1]);
    let off = Bench::new(RULES).with(|settings| settings.limits.decompression_ratio = 0);
    assert_eq!(matched(off, "Content-Encoding: gzip\r\n", b"a=attack"), [1]);
    let off = Bench::new(RULES).with(|settings| settings.limits.decompression_ratio = 0);
    assert_eq!(matched(off, "Content-Encoding: gzip\r\n", &gzip(b"a=attack")), [3]);
}

#[test]
fn a_rewritten_text_does_not_take_the_place_of_compressed_bytes() {
    let rules = "SecStreamInBodyInspection On\nSecRule STREAM_INPUT_BODY \"@rsub s/harm/good/\" \"id:1,phase:2,pass\"";
    assert_eq!(matched(Bench::new(rules), "Content-Encoding: gzip\r\n", &gzip(b"a=harm")), [1]);
}

#[test]
fn the_limit_of_the_rules_counts_what_comes_out() {
    let rules = format!("SecRequestBodyLimit 10000\nSecRequestBodyNoFilesLimit 10000\n{RULES}");
    let running = Bench::new(&rules).answering(OK);
    let got = running.talk(&post("Content-Encoding: gzip\r\n", &gzip(&vec![b'a'; 100_000])));
    assert!(got.starts_with(b"HTTP/1.1 413 "), "{}", shown(&got));
    assert_eq!(running.origin.requests().len(), 0);
}
