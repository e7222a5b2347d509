//! Properties on arbitrary bytes: no panic, no dependence on how the bytes arrive, and framing that round-trips.

use portcullis_http1::{
    BodyDecoder, BodyLimits, Framing, Inbound, Limits, RequestReader, ResponseReader, Settings, write,
};
use proptest::prelude::*;

/// Bytes that resemble HTTP often enough to get past the first line.
fn resembling() -> impl Strategy<Value = Vec<u8>> {
    let words: &'static [&'static str] = &[
        "GET",
        "POST",
        "/",
        "/a?b",
        " ",
        "HTTP/1.1",
        "HTTP/1.0",
        "\r\n",
        "\n",
        "\r",
        "\0",
        "Host",
        ":",
        ": ",
        "h",
        "Content-Length",
        "Transfer-Encoding",
        "chunked",
        "3",
        "a",
        "0",
        ";x",
        "Connection",
        "close",
        "\t",
        ",",
        "http://h",
        "#",
        "%2e%2e",
        "HTTP/1.1 200 OK",
        "1\r\na\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n",
        "\r\n\r\n",
    ];
    prop::collection::vec(
        prop_oneof![
            8 => prop::sample::select(words).prop_map(|w| w.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..4),
        ],
        0..40,
    )
    .prop_map(|pieces| pieces.concat())
}

/// All requests and bodies found in `input`, fed in pieces of these sizes, as text.
fn requests(input: &[u8], piece: usize) -> Vec<String> {
    let small = Limits { request_line: 60, field: 40, fields: 4, head: 150, empty_lines: 2 };
    let mut reader = RequestReader::new(Settings { limits: small, ..Settings::default() });
    let mut inbound = Inbound::default();
    let mut pieces = input.chunks(piece.max(1));
    let mut seen = Vec::new();
    'connection: loop {
        while reader.read(&mut inbound).is_none() {
            match pieces.next() {
                Some(next) => inbound.feed(next),
                None => {
                    seen.extend(reader.end(&mut inbound).map(|head| format!("{head:?}")));
                    break 'connection;
                }
            }
        }
        let head = reader.head();
        seen.push(format!("{head:?}"));
        if head.refusal().is_some() || !head.keep_alive() {
            break;
        }
        let mut decoder = BodyDecoder::new(head.framing(), BodyLimits::default());
        let mut body = Vec::new();
        loop {
            let Ok(step) = decoder.decode(inbound.unread()) else {
                seen.push("broken".to_owned());
                break 'connection;
            };
            body.extend_from_slice(step.data);
            let (consumed, end) = (step.consumed, step.end);
            inbound.consume(consumed);
            if end {
                break;
            }
            if consumed == 0 {
                match pieces.next() {
                    Some(next) => inbound.feed(next),
                    None => break 'connection,
                }
            }
        }
        seen.push(format!("{body:?}"));
    }
    seen
}

fn response(input: &[u8], piece: usize) -> String {
    let mut reader = ResponseReader::new(Limits { head: 200, field: 60, ..Limits::for_responses() });
    let mut inbound = Inbound::default();
    for next in input.chunks(piece.max(1)) {
        inbound.feed(next);
        match reader.read(&mut inbound) {
            Ok(None) => {}
            Ok(Some(head)) => return format!("{head:?}"),
            Err(error) => return error.to_string(),
        }
    }
    String::new()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_do_not_matter(input in resembling(), piece in 1usize..9) {
        let whole = requests(&input, usize::MAX);
        prop_assert_eq!(&requests(&input, 1), &whole);
        prop_assert_eq!(&requests(&input, piece), &whole);
    }

    #[test]
    fn pieces_of_responses_do_not_matter(mut input in resembling(), piece in 1usize..9) {
        input.splice(0..0, *b"HTTP/1.1 200 OK\r\n");
        prop_assert_eq!(response(&input, piece), response(&input, usize::MAX));
        prop_assert_eq!(response(&input, 1), response(&input, usize::MAX));
    }

    #[test]
    fn arbitrary_bytes_never_panic(input in prop::collection::vec(any::<u8>(), 0..300)) {
        requests(&input, 5);
        response(&input, 5);
        let mut decoder = BodyDecoder::new(Framing::Chunked, BodyLimits::default());
        let mut at = 0;
        while let Ok(step) = decoder.decode(&input[at..]) {
            at += step.consumed;
            if step.end || step.consumed == 0 {
                break;
            }
        }
    }

    #[test]
    fn chunks_round_trip(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8), cut in 1usize..9) {
        let mut sent = Vec::new();
        for piece in &pieces {
            write::chunk_size(&mut sent, piece.len());
            sent.extend_from_slice(piece);
            sent.extend_from_slice(b"\r\n");
        }
        sent.extend_from_slice(write::LAST_CHUNK);
        sent.extend_from_slice(b"next");
        let mut decoder = BodyDecoder::new(Framing::Chunked, BodyLimits::default());
        let (mut body, mut inbound) = (Vec::new(), Inbound::default());
        let mut fed = sent.chunks(cut);
        loop {
            let step = decoder.decode(inbound.unread()).expect("well-formed");
            body.extend_from_slice(step.data);
            let (consumed, end) = (step.consumed, step.end);
            inbound.consume(consumed);
            if end {
                break;
            }
            if consumed == 0 {
                inbound.feed(fed.next().expect("the body ends"));
            }
        }
        for rest in fed {
            inbound.feed(rest);
        }
        prop_assert_eq!(body, pieces.concat());
        prop_assert_eq!(inbound.unread(), b"next");
    }
}
