//! The cases in front of the recording origin, in three ways: bodies inspected, bodies streamed, and inspected with
//! the client's bytes sent one by one.

use crate::answers::{self, Answer, End};
use crate::case::{self, Case, Step};
use crate::support::{Bench, Running, shown};
use portcullis_http1::{BodyDecoder, BodyLimits, Framing, write};
use portcullis_proxy::Exchange;
use portcullis_testkit::origin::Conversation;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
const FORWARDED: &[u8] = b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n";
/// Request bodies end up in the record, which is how their text is compared.
pub const RULES: &str = "SecAuditEngine On\nSecAuditLogParts ABCFHZ\nSecResponseBodyMimeType text/html\n";

/// How a case is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Inspected,
    Streamed,
    ByteByByte,
}

/// What client and origin wait for of each other.
#[derive(Debug, Default)]
pub struct Turns {
    state: Mutex<Turn>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Turn {
    /// Answers the client has waited for.
    answered: usize,
    /// Requests the origin has begun to answer, and answered to the end of its script.
    begun: usize,
    played: usize,
}

impl Turns {
    fn change(&self, change: impl FnOnce(&mut Turn)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn wait(&self, until: impl Fn(&Turn) -> bool) {
        let state = self.state.lock().unwrap();
        let (_state, waited) = self.changed.wait_timeout_while(state, PATIENCE, |turn| !until(turn)).unwrap();
        assert!(!waited.timed_out(), "the other side does not get that far");
    }
}

#[test]
fn inspected() {
    run(Way::Inspected);
}

#[test]
fn streamed() {
    run(Way::Streamed);
}

#[test]
fn byte_by_byte() {
    run(Way::ByteByByte);
}

fn run(way: Way) {
    let cases = case::all();
    // Cases that end in good order share a proxy; what happened before does not matter to them.
    let shared = Stand::new(&[], way);
    let play = |case: &Case| match case.scripted || case.partial {
        true => Stand::new(&case.origin, way).play(case, way),
        false => shared.play(case, way),
    };
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| play(case).err().map(|why| format!("{} ({way:?}): {why}", case.name)))
        .collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
    assert!(cases.len() >= 300, "{} cases", cases.len());
}

/// A proxy in front of an origin with a script.
struct Stand {
    running: Running,
    turns: Arc<Turns>,
}

impl Stand {
    fn new(script: &[Vec<Step>], way: Way) -> Self {
        let access = if way == Way::Streamed { "Off" } else { "On" };
        let rules = format!("SecRequestBodyAccess {access}\nSecResponseBodyAccess {access}\n{RULES}");
        let turns = Arc::new(Turns::default());
        let (script, shared) = (script.to_vec(), Arc::clone(&turns));
        let running =
            Bench::new(&rules).conversing(move |conversation| converse(conversation, &script, &shared));
        Self { running, turns }
    }

    fn play(&self, case: &Case, way: Way) -> Result<(), String> {
        let origin = &self.running.origin;
        let before = (origin.requests().len(), origin.bytes(), origin.connections());
        let methods: Vec<&[u8]> = case.seen.iter().map(|seen| method(seen)).collect();
        let stream = TcpStream::connect(self.running.address).unwrap();
        let (bytes, end) = talk(stream, case, way, &methods, &self.turns);
        // An exchange is reported before its connection ends.
        let exchanges = self.running.exchanges();
        let answers = answers::read(&bytes, &methods, end);
        check_client(case, way, &answers, &bytes)?;
        let cut = ends_early(way, &answers);
        let requests = origin.requests().split_off(before.0);
        check_forwarded(case, &requests, &origin.address().to_string(), cut)?;
        let (received, whole) = (origin.bytes() - before.1, requests.iter().map(Vec::len).sum::<usize>());
        if received != whole && !(case.partial && way == Way::Streamed) && !case.answers_early() {
            return Err(format!("the origin received {received} bytes, {whole} of them in requests"));
        }
        let connections = (origin.connections() - before.2) as u64;
        if case.connections.is_some_and(|expected| expected != connections) {
            return Err(format!("the origin got {connections} connections"));
        }
        check_seen(case, way, &exchanges, cut)?;
        check_pairs(&requests, &exchanges)
    }
}

/// The method of a request line, or that of a line without version.
pub fn method(seen: &[u8]) -> &[u8] {
    let line = seen.split(|&b| b == b'\n').next().unwrap_or_default();
    if line.split(|&b| b == b' ').count() == 2 && line.starts_with(b"GET ") {
        return b"HTTP/0.9";
    }
    line.split(|&b| b == b' ').next().unwrap_or_default()
}

fn converse(conversation: &mut Conversation, script: &[Vec<Step>], turns: &Turns) {
    loop {
        let mut number = None;
        turns.state.lock().map(|turn| number = script.get(turn.begun)).unwrap();
        let steps = number.map_or(&[Step::Usual][..], Vec::as_slice);
        let head_only = steps.first() == Some(&Step::HeadOnly);
        let request = if head_only { conversation.head() } else { conversation.request() };
        let Some(request) = request else { return };
        turns.change(|turn| turn.begun += 1);
        for step in steps {
            match step {
                Step::Send(bytes) => drop(conversation.send(bytes)),
                Step::Usual => drop(conversation.send(&usual(&request))),
                Step::Answered => turns.wait(|turn| turn.answered >= turn.begun),
                Step::Close => {
                    turns.change(|turn| turn.played += 1);
                    return;
                }
                Step::HeadOnly | Step::Played | Step::Interim => {}
            }
        }
        turns.change(|turn| turn.played += 1);
    }
}

/// An answer that says what it answers.
fn usual(request: &[u8]) -> Vec<u8> {
    let line = request.split(|&b| b == b'\r').next().unwrap_or_default();
    let label = line.strip_suffix(b" HTTP/1.1").unwrap_or(line);
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", label.len()).into_bytes();
    if !label.starts_with(b"HEAD ") {
        answer.extend_from_slice(label);
    }
    answer
}

pub fn talk(
    mut stream: TcpStream,
    case: &Case,
    way: Way,
    methods: &[&[u8]],
    turns: &Turns,
) -> (Vec<u8>, End) {
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut received = Vec::new();
    let (mut finals, mut interims) = (0, 0);
    for step in &case.send {
        match step {
            Step::Send(bytes) if way == Way::ByteByByte => {
                bytes.iter().for_each(|byte| drop(stream.write_all(&[*byte])));
            }
            Step::Send(bytes) => drop(stream.write_all(bytes)),
            Step::Answered | Step::Interim => {
                let interim = *step == Step::Interim;
                *(if interim { &mut interims } else { &mut finals }) += 1;
                let wanted = if interim { interims } else { finals };
                loop {
                    let answers = answers::read(&received, methods, End::Open);
                    let have = answers.iter().filter(|one| one.whole && (one.status < 200) == interim);
                    if have.count() >= wanted || !more(&mut stream, &mut received) {
                        break;
                    }
                }
                if !interim {
                    turns.change(|turn| turn.answered += 1);
                }
            }
            Step::Played => turns.wait(|turn| turn.played == turn.begun),
            step => panic!("{}: a client does no {step:?}", case.name),
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    let end = match stream.read_to_end(&mut received) {
        Ok(_) => End::Closed,
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => End::Open,
        Err(_) => End::Reset,
    };
    (received, end)
}

fn more(stream: &mut TcpStream, received: &mut Vec<u8>) -> bool {
    let mut block = [0; 16 * 1024];
    match stream.read(&mut block) {
        Ok(count @ 1..) => {
            received.extend_from_slice(&block[..count]);
            true
        }
        _ => false,
    }
}

/// Whether no further request is served, as the last answer is cut. Byte by byte, a refusal that does not wait for the
/// request's body may overtake it: the connection ends then, which the answer says.
fn ends_early(way: Way, answers: &[Answer]) -> bool {
    let overtakes = |last: &Answer| way == Way::ByteByByte && last.closes && last.status >= 400;
    answers.last().is_some_and(|last| !last.whole || overtakes(last))
}

fn check_client(case: &Case, way: Way, answers: &[Answer], bytes: &[u8]) -> Result<(), String> {
    let holds = |part: &Vec<u8>| bytes.windows(part.len()).any(|window| window == part);
    let mut expected = case.client.iter();
    // A whole answer that the client did not expect is never right, so the lists are compared as a whole.
    let same = answers.iter().all(|answer| expected.next().is_some_and(|one| answers::matches(one, answer)))
        && (expected.len() == 0 || ends_early(way, answers));
    // What is held back for inspection breaks before anything has left.
    let cut = answers.iter().any(|answer| !answer.whole) && way != Way::Streamed && is_html(case);
    if same && !cut && case.contains.iter().all(holds) && !case.lacks.iter().any(holds) {
        return Ok(());
    }
    Err(format!("the client got {}, expected {:?}", shown(bytes), case.client))
}

fn is_html(case: &Case) -> bool {
    let sends =
        |step: &Step| matches!(step, Step::Send(bytes) if bytes.windows(9).any(|w| w == b"text/html"));
    case.origin.iter().flatten().any(sends)
}

fn check_forwarded(case: &Case, requests: &[Vec<u8>], origin: &str, cut: bool) -> Result<(), String> {
    let mut got = Vec::new();
    for request in requests {
        let at = request.windows(FORWARDED.len()).position(|window| window == FORWARDED);
        let at = at.ok_or_else(|| format!("no forwarding fields in {}", shown(request)))?;
        got.push(in_one_chunk([&request[..at], &request[at + FORWARDED.len()..]].concat())?);
    }
    let count = if cut { got.len() } else { usize::MAX };
    let expected: Vec<Vec<u8>> =
        case.forwarded.iter().take(count).map(|one| replace(one, b"ORIGIN", origin.as_bytes())).collect();
    if got == expected {
        return Ok(());
    }
    let list = |all: &[Vec<u8>]| all.iter().map(|one| shown(one)).collect::<Vec<_>>().join("\n--\n");
    Err(format!("the origin got\n{}\nexpected\n{}", list(&got), list(&expected)))
}

/// A chunked request with its body in one chunk: where chunks end depends on how the bytes came.
fn in_one_chunk(request: Vec<u8>) -> Result<Vec<u8>, String> {
    let end = b"Transfer-Encoding: chunked\r\n\r\n";
    let Some(at) = request.windows(end.len()).position(|window| window == end) else { return Ok(request) };
    let (head, mut rest) = request.split_at(at + end.len());
    let mut decoder = BodyDecoder::new(Framing::Chunked, BodyLimits::default());
    let mut body = Vec::new();
    while !decoder.is_complete() {
        let decoded = decoder.decode(rest).map_err(|error| format!("{error}: {}", shown(rest)))?;
        body.extend_from_slice(decoded.data);
        rest = &rest[decoded.consumed..];
    }
    if !rest.is_empty() || !decoder.deviations().is_empty() {
        return Err(format!("no plain chunks: {}", shown(&request)));
    }
    let mut one = head.to_vec();
    if !body.is_empty() {
        write::chunk_size(&mut one, body.len());
        one.extend_from_slice(&body);
        one.extend_from_slice(b"\r\n");
    }
    one.extend_from_slice(write::LAST_CHUNK);
    Ok(one)
}

fn replace(text: &[u8], word: &[u8], by: &[u8]) -> Vec<u8> {
    match text.windows(word.len()).position(|window| window == word) {
        Some(at) => [&text[..at], by, &text[at + word.len()..]].concat(),
        None => text.to_vec(),
    }
}

fn check_seen(case: &Case, way: Way, exchanges: &[Exchange], cut: bool) -> Result<(), String> {
    let lines: Vec<String> = exchanges.iter().map(|one| shown(&one.record.request.line)).collect();
    let line = |seen: &[u8]| shown(seen.split(|&b| b == b'\n').next().unwrap_or_default());
    let expected: Vec<String> = case.seen.iter().map(|seen| line(seen)).collect();
    let expected = &expected[..if cut { lines.len().min(expected.len()) } else { expected.len() }];
    if lines != expected {
        return Err(format!("the rules saw {lines:?}, expected {expected:?}"));
    }
    for (seen, exchange) in case.seen.iter().zip(exchanges) {
        let Some(at) = seen.iter().position(|&b| b == b'\n').filter(|_| way != Way::Streamed) else {
            continue;
        };
        let body = exchange.record.request.body.as_deref().unwrap_or_default();
        if body != &seen[at + 1..] {
            return Err(format!("the rules saw the body {}", shown(body)));
        }
    }
    for (at, name, value) in &case.fields {
        let headers = &exchanges[*at].record.request.headers;
        let found = headers.get(name);
        if found != value.as_deref() {
            return Err(format!("the rules saw {}: {found:?}", shown(name)));
        }
    }
    Ok(())
}

/// Each request of the origin is one the rules saw, in their order; one that is sent again stands for the same.
fn check_pairs(requests: &[Vec<u8>], exchanges: &[Exchange]) -> Result<(), String> {
    let mut seen = exchanges.iter().filter(|exchange| exchange.upstream.is_some());
    for (at, request) in requests.iter().enumerate() {
        if at > 0 && requests[at - 1] == *request {
            continue;
        }
        let known = |exchange: &Exchange| {
            let method = &exchange.record.request.method;
            request.starts_with(method) && request.get(method.len()) == Some(&b' ')
        };
        if !seen.any(known) {
            return Err(format!("the rules have not seen {}", shown(request)));
        }
    }
    Ok(())
}
