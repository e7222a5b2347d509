//! Any sequence of requests, in any framing and any pieces, inspected or not: each gets the answer to itself, in order.
//!
//! The origin answers with what it was asked and the body it got, framed as the request's target says; one proxy serves
//! all cases, so connections to the origin are shared between them.

mod support;

use portcullis_http1::{BodyDecoder, BodyLimits, Framing, Inbound, Limits, ResponseReader};
use portcullis_testkit::origin::Conversation;
use proptest::prelude::*;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use support::{Bench, Running};

/// A request and how it is sent.
#[derive(Debug, Clone)]
struct Asked {
    method: &'static str,
    /// The framing of the answer.
    answer: &'static str,
    body: Option<(bool, Vec<u8>)>,
    /// Denied by a rule in this phase.
    denied: Option<u8>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let body = prop::option::of((
        any::<bool>(),
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            prop::collection::vec(any::<u8>(), 2000..2100),
            Just(vec![b'x'; 150_000])
        ],
    ));
    (
        prop::sample::select(vec!["GET", "POST", "PUT", "HEAD", "DELETE"]),
        prop::sample::select(vec!["length", "chunked", "html", "close"]),
        body,
        prop::option::weighted(0.2, 1..=4u8),
    )
        .prop_map(|(method, answer, body, denied)| Asked { method, answer, body, denied })
}

impl Asked {
    fn target(&self, number: usize) -> String {
        let denied = self.denied.map(|phase| format!("&deny={phase}")).unwrap_or_default();
        format!("/{number}?answer={}{denied}", self.answer)
    }

    fn bytes(&self, number: usize) -> Vec<u8> {
        let mut out = format!("{} {} HTTP/1.1\r\nHost: h\r\n", self.method, self.target(number)).into_bytes();
        match &self.body {
            None => out.extend_from_slice(b"\r\n"),
            Some((false, body)) => {
                out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                out.extend_from_slice(body);
            }
            Some((true, body)) => {
                out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                for chunk in body.chunks(977) {
                    out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    out.extend_from_slice(chunk);
                    out.extend_from_slice(b"\r\n");
                }
                out.extend_from_slice(b"0\r\n\r\n");
            }
        }
        out
    }

    /// What the body of the answer says.
    fn echo(&self, number: usize) -> Vec<u8> {
        let body = self.body.as_ref().map(|(_, body)| body.as_slice()).unwrap_or_default();
        [format!("{} {} ", self.method, self.target(number)).as_bytes(), body].concat()
    }
}

fn echo(conversation: &mut Conversation) {
    while let Some(request) = conversation.request() {
        let head_length = request.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        let (head, framed) = request.split_at(head_length);
        let head = String::from_utf8_lossy(head).into_owned();
        let line = head.split(" HTTP/1.1").next().unwrap();
        let mut text = format!("{line} ").into_bytes();
        let chunked = head.contains("Transfer-Encoding: chunked");
        let framing = if chunked { Framing::Chunked } else { Framing::Length(framed.len() as u64) };
        text.extend_from_slice(&decoded(framing, framed));
        let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
        let html = if line.contains("answer=html") { "Content-Type: text/html\r\n" } else { "" };
        if line.contains("answer=chunked") {
            answer.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in text.chunks(5000) {
                answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                answer.extend_from_slice(chunk);
                answer.extend_from_slice(b"\r\n");
            }
            answer.extend_from_slice(b"0\r\n\r\n");
            if line.starts_with("HEAD") {
                answer.truncate(answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4);
            }
            conversation.send(&answer);
            continue;
        }
        let closes = line.contains("answer=close");
        if closes && line.starts_with("HEAD") {
            // Nothing else would say that the connection ends.
            answer.extend_from_slice(b"Connection: close\r\n\r\n");
        } else if closes {
            answer.extend_from_slice(b"\r\n");
        } else {
            answer.extend_from_slice(format!("{html}Content-Length: {}\r\n\r\n", text.len()).as_bytes());
        }
        conversation.send(&answer);
        if !line.starts_with("HEAD") {
            conversation.send(&text);
        }
        if closes {
            return;
        }
    }
}

fn decoded(framing: Framing, mut input: &[u8]) -> Vec<u8> {
    let mut decoder = BodyDecoder::new(framing, BodyLimits::default());
    let mut body = Vec::new();
    while !decoder.is_complete() {
        let piece = decoder.decode(input).unwrap();
        assert!(piece.consumed > 0 || piece.end);
        body.extend_from_slice(piece.data);
        input = &input[piece.consumed..];
    }
    body
}

/// Sends requests in pieces and returns the answers: status and body.
fn converse(running: &Running, all: &[Asked], piece: usize) -> Vec<(u16, Vec<u8>)> {
    let stream = TcpStream::connect(running.address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let bytes: Vec<u8> = all.iter().enumerate().flat_map(|(number, asked)| asked.bytes(number)).collect();
    let mut sending = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        bytes.chunks(piece).for_each(|piece| drop(sending.write_all(piece)));
        let _ = sending.shutdown(Shutdown::Write);
    });
    let mut inbound = Inbound::default();
    let received = (&stream).read_to_end(inbound.spare(1 << 16));
    sender.join().unwrap();
    received.expect("the connection ends in good order");
    let mut reader = ResponseReader::new(Limits::for_responses());
    let mut answers = Vec::new();
    for asked in all {
        let Some(head) = reader.read(&mut inbound).unwrap() else { break };
        let (status, framing) = (head.status(), head.framing(asked.method.as_bytes()));
        let mut decoder = BodyDecoder::new(framing, BodyLimits::default());
        let mut body = Vec::new();
        while !decoder.is_complete() {
            let piece = decoder.decode(inbound.unread()).unwrap();
            assert!(piece.consumed > 0 || piece.end, "the answer is cut off");
            body.extend_from_slice(piece.data);
            let consumed = piece.consumed;
            inbound.consume(consumed);
        }
        answers.push((status, body));
    }
    assert!(inbound.is_empty(), "bytes behind the last answer");
    answers
}

#[test]
fn every_request_gets_its_own_answer() {
    let rules: String = (1..=4)
        .map(|phase| format!("SecRule ARGS_GET:deny \"@streq {phase}\" \"id:{phase},phase:{phase},deny\"\n"))
        .collect();
    let benches: Vec<Running> = ["On", "Off"]
        .into_iter()
        .map(|access| {
            let rules = format!(
                "SecRequestBodyAccess {access}\nSecResponseBodyAccess {access}\nSecRequestBodyInMemoryLimit 1000\n\
                 SecRequestBodyNoFilesLimit 1000000\n{rules}"
            );
            Bench::new(&rules).conversing(echo)
        })
        .collect();
    let config = ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() };
    let pieces = prop::sample::select(vec![7usize, 100, 4096, usize::MAX]);
    proptest!(config, |(all in prop::collection::vec(asked(), 1..5), piece in pieces)| {
        // Small pieces of large messages would only take time.
        let large = all.iter().any(|asked| asked.body.as_ref().is_some_and(|(_, body)| body.len() > 5000));
        let piece = if large { piece.max(4096) } else { piece };
        for running in &benches {
            let answers = converse(running, &all, piece);
            for (number, (asked, (status, body))) in all.iter().zip(&answers).enumerate() {
                match asked.denied {
                    Some(_) => prop_assert_eq!(*status, 403),
                    None if asked.method == "HEAD" => prop_assert_eq!((*status, body.len()), (200, 0)),
                    None => prop_assert!(*status == 200 && *body == asked.echo(number), "{}", number),
                }
            }
            // Only a denial whose body had not come yet may end the connection early.
            let cut = all.get(answers.len() - 1).is_some_and(|last| last.denied.is_some() && last.body.is_some());
            prop_assert!(answers.len() == all.len() || cut, "{} of {} answers", answers.len(), all.len());
        }
    });
}
