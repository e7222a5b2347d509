//! A proxy with rules in front of a recording origin, and one way to say what must come of a conversation.
//!
//! [`Case`] is data: rules, what the client sends, what the origin answers, what each side then has received and what
//! was logged. [`http`] turns `GET / HTTP/1.1\nHost: h\n\nbody` into bytes: line feeds of the head become CRLF, the
//! body stays as it is.

#![allow(dead_code, reason = "each test file uses its part")]

use portcullis_engine::Compatibility;
use portcullis_proxy::{Exchange, Notice, Observer, Proxy, Settings, SharedRules, UpstreamAddress};
use portcullis_state::{Answer, CollectionUpdate, Limits, MemoryStore, Store, StoredMembers};
use portcullis_testkit::origin::{Conversation, Origin};
use portcullis_testkit::rules::Source;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the origin of most cases answers.
pub const OK: &str = "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 2\n\nhi";

/// The forwarding fields every request gets.
pub const FORWARDED: &str = "X-Forwarded-For: 127.0.0.1\nX-Forwarded-Proto: http\n";

/// A message from text.
pub fn http(text: &str) -> Vec<u8> {
    match text.split_once("\n\n") {
        Some((head, body)) => format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n")).into_bytes(),
        None => text.replace('\n', "\r\n").into_bytes(),
    }
}

/// Bytes as a failed test shows them.
pub fn shown(bytes: &[u8]) -> String {
    let text = bytes.iter().map(|&byte| match byte {
        b'\n' => "\\n\n".to_owned(),
        _ => byte.escape_ascii().to_string(),
    });
    text.collect()
}

/// A store that stops every transaction that asks it, and lets it go on when the test says so: what has happened up to
/// a phase can be looked at while the phase runs.
pub struct Gate {
    reached: Mutex<Sender<tokio::sync::oneshot::Sender<()>>>,
}

impl Gate {
    /// The gate, and where stopped transactions arrive.
    pub fn new() -> (Arc<Self>, Receiver<tokio::sync::oneshot::Sender<()>>) {
        let (reached, stopped) = channel();
        (Arc::new(Self { reached: Mutex::new(reached) }), stopped)
    }
}

impl Store for Gate {
    fn load<'a>(&'a self, _: &'a [u8], _: &'a [u8], _: i64) -> Answer<'a, Option<StoredMembers>> {
        let (go_on, wait) = tokio::sync::oneshot::channel();
        self.reached.lock().unwrap().send(go_on).unwrap();
        Box::pin(async {
            let _ = wait.await;
            Ok(None)
        })
    }

    fn apply<'a>(&'a self, _: &'a CollectionUpdate, _: i64) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

struct Witness {
    exchanges: Mutex<Sender<Exchange>>,
    notices: Mutex<Sender<Notice>>,
}

impl Observer for Witness {
    fn exchange(&self, exchange: Exchange) {
        let _ = self.exchanges.lock().unwrap().send(exchange);
    }

    fn notice(&self, notice: Notice) {
        let _ = self.notices.lock().unwrap().send(notice);
    }
}

/// A proxy to be started.
pub struct Bench {
    pub rules: String,
    pub settings: Settings,
    pub store: Arc<dyn Store>,
}

impl Bench {
    /// One worker, the recommended engine settings, then these rules.
    pub fn new(rules: &str) -> Self {
        let rules = format!("SecRuleEngine On\nSecRequestBodyAccess On\nSecResponseBodyAccess On\n{rules}");
        let settings =
            Settings { listen: vec!["127.0.0.1:0".parse().unwrap()], workers: 1, ..Settings::default() };
        Self { rules, settings, store: Arc::new(MemoryStore::new(Limits::default())) }
    }

    /// Keeps collections there.
    pub fn storing(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// Changes settings.
    pub fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Starts it in front of an origin that answers so.
    pub fn answering(self, answer: &str) -> Running {
        self.before(Origin::answering(http(answer)))
    }

    /// Starts it in front of an origin that behaves so.
    pub fn conversing(self, converse: impl Fn(&mut Conversation) + Send + Sync + 'static) -> Running {
        self.before(Origin::conversing(converse))
    }

    /// Starts it in front of an address where perhaps nobody is.
    pub fn answering_at(self, address: SocketAddr) -> Running {
        self.at(UpstreamAddress { host: address.ip().to_string(), port: address.port() })
    }

    /// Starts it in front of an origin that is not the recording one.
    pub fn at(mut self, upstream: UpstreamAddress) -> Running {
        self.settings.upstream = upstream;
        self.start(Origin::conversing(|_| {}))
    }

    fn before(mut self, origin: Origin) -> Running {
        let address = origin.address();
        self.settings.upstream = UpstreamAddress { host: address.ip().to_string(), port: address.port() };
        self.start(origin)
    }

    fn start(self, origin: Origin) -> Running {
        let rules = Source::new().text("rules.conf", self.rules).compile(Compatibility::default());
        let rules = Arc::new(SharedRules::new(Arc::new(rules.unwrap_or_else(|error| panic!("{error}")))));
        let (exchanges, seen) = channel();
        let (notices, noticed) = channel();
        let observer = Arc::new(Witness { exchanges: Mutex::new(exchanges), notices: Mutex::new(notices) });
        let proxy = Proxy::start(self.settings, Arc::clone(&rules), self.store, observer).unwrap();
        let address = proxy.addresses()[0];
        Running { proxy: Some(proxy), address, origin, rules, seen, noticed }
    }
}

/// A running proxy and its witnesses.
pub struct Running {
    pub proxy: Option<Proxy>,
    pub address: SocketAddr,
    pub origin: Origin,
    pub rules: Arc<SharedRules>,
    seen: Receiver<Exchange>,
    noticed: Receiver<Notice>,
}

impl Running {
    /// A connection.
    pub fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { stream, received: Vec::new() }
    }

    /// Sends everything, ends the sending direction, and returns all that comes back.
    pub fn talk(&self, request: &[u8]) -> Vec<u8> {
        let mut client = self.connect();
        client.send(request);
        let _ = client.stream.shutdown(Shutdown::Write);
        client.rest()
    }

    /// The next exchange that is over.
    pub fn exchange(&self) -> Exchange {
        self.seen.recv_timeout(PATIENCE).expect("an exchange is reported")
    }

    /// An exchange that is over already.
    pub fn waiting_exchange(&self) -> Option<Exchange> {
        self.seen.try_recv().ok()
    }

    /// All exchanges that are over and not yet taken.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.seen.try_iter().collect()
    }

    /// The next notice.
    pub fn notice(&self) -> Notice {
        self.noticed.recv_timeout(PATIENCE).expect("a notice is given")
    }

    /// Ends the proxy and returns the exchanges not yet taken.
    pub fn end(mut self) -> Vec<Exchange> {
        self.proxy.take().unwrap().shutdown(PATIENCE);
        self.seen.try_iter().collect()
    }
}

/// A client's connection.
pub struct Client {
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    /// Sends bytes; what the other side does not take is lost.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Reads exactly this many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut block = [0; 64 * 1024];
        while self.received.len() < count {
            match self.stream.read(&mut block) {
                Ok(0) => panic!("closed after {}", shown(&self.received)),
                Ok(count) => self.received.extend_from_slice(&block[..count]),
                Err(error) => panic!("{error} after {}", shown(&self.received)),
            }
        }
        self.received.drain(..count).collect()
    }

    /// How many bytes have been read behind those handed out.
    pub fn buffered(&mut self) -> usize {
        std::mem::take(&mut self.received).len()
    }

    /// Expects exactly this text next.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        let expected = http(text);
        let got = self.bytes(expected.len());
        assert_eq!(shown(&got), shown(&expected));
    }

    /// Reads to the end of the connection, or to its reset.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.received);
        match self.stream.read_to_end(&mut all) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("still open after {}", shown(&all))
            }
            _ => all,
        }
    }
}

/// One conversation and what must come of it.
pub struct Case {
    pub rules: &'static str,
    pub request: &'static str,
    pub answer: &'static str,
    /// What the origin has received, without the usual forwarding fields at the end of each head; `ORIGIN` stands for
    /// its address.
    pub forwarded: &'static [&'static str],
    /// What the client has received; `Date` fields are left out.
    pub client: &'static str,
    /// Ids of the rules that logged, in order, per exchange.
    pub alerts: &'static [&'static [u64]],
    /// A part of the error of the last exchange; empty when there is none.
    pub error: &'static str,
}

impl Case {
    /// A case in which nothing happens.
    pub const NEW: Case =
        Case { rules: "", request: "", answer: OK, forwarded: &[], client: "", alerts: &[], error: "" };

    /// Plays it.
    #[track_caller]
    pub fn check(self) {
        let bench = Bench::new(self.rules);
        self.check_on(bench);
    }

    /// Plays it on this bench.
    #[track_caller]
    pub fn check_on(self, bench: Bench) {
        let running = bench.answering(self.answer);
        let client = running.talk(&http(self.request));
        let requests = running.origin.requests();
        let origin = running.origin.address();
        let exchanges = running.end();
        assert_eq!(shown(&without_dates(&client)), shown(&http(self.client)), "client");
        let forwarded: Vec<String> = requests.iter().map(|request| shown(request)).collect();
        let origin = origin.to_string();
        let expected: Vec<String> = self
            .forwarded
            .iter()
            .map(|text| shown(&with_forwarding_fields(&text.replace("ORIGIN", &origin))))
            .collect();
        assert_eq!(forwarded, expected, "forwarded");
        let alerts: Vec<Vec<u64>> = exchanges.iter().map(alerts).collect();
        assert_eq!(alerts, self.alerts, "alerts");
        let error = exchanges.last().and_then(|exchange| exchange.error.clone()).unwrap_or_default();
        assert!(error.contains(self.error) && error.is_empty() == self.error.is_empty(), "error: {error}");
        let bytes: u64 = exchanges.iter().map(|exchange| exchange.bytes_sent).sum();
        assert_eq!(bytes, client.len() as u64, "bytes sent");
    }
}

/// Ids of the rules that logged.
pub fn alerts(exchange: &Exchange) -> Vec<u64> {
    exchange.record.alerts.iter().filter_map(|alert| alert.rule.as_ref().map(|rule| rule.id)).collect()
}

fn with_forwarding_fields(text: &str) -> Vec<u8> {
    match text.split_once("\n\n") {
        Some((head, body)) if !head.contains("X-Forwarded-For") => {
            // They stand behind the client's fields and before the framing field.
            let at =
                ["\nContent-Length: ", "\nTransfer-Encoding: "].iter().find_map(|field| head.rfind(field));
            let (fields, framing) = head.split_at(at.unwrap_or(head.len()));
            http(&format!("{fields}\n{}{}\n\n{body}", FORWARDED.trim_end(), framing))
        }
        _ => http(text),
    }
}

/// An answer without its `Date` fields.
pub fn without_dates(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        if !(line.starts_with(b"Date: ") && line.ends_with(b" GMT\r\n")) {
            out.extend_from_slice(line);
        }
    }
    out
}

/// An error page as the proxy makes it, with this text, kept open or not.
pub fn page(status: u16, text: &str, fields: &str) -> String {
    let body = format!(
        "<!DOCTYPE html>\n<html><head>\n<title>{status} {text}</title>\n</head><body>\n<h1>{text}</h1>\n</body></html>\n"
    );
    let length = body.len();
    format!(
        "HTTP/1.1 {status} {text}\nContent-Type: text/html; charset=utf-8\nContent-Length: {length}\n{fields}\n{body}"
    )
}
