//! An origin for tests of the proxy: it records every byte it receives and does what the test says.
//!
//! `Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")` answers every request so and keeps the
//! requests, heads and bodies as they came. [`Origin::conversing`] hands each connection to a function, for origins
//! that close, break off, answer early or never.
//!
//! It is blocking and uses a thread per connection: plain enough to be trusted as a witness. It listens on a free port
//! of 127.0.0.1 and ends when it is dropped.

use portcullis_http1::{BodyDecoder, BodyLimits, Framing, Inbound, RequestReader, Settings};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// A recording origin.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    record: Arc<Record>,
    accepting: Option<JoinHandle<()>>,
}

/// What has been received.
#[derive(Debug, Default)]
struct Record {
    ended: AtomicBool,
    connections: AtomicUsize,
    bytes: AtomicUsize,
    requests: Mutex<Vec<Vec<u8>>>,
}

impl Origin {
    /// Answers every request with these bytes and keeps the connection.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::conversing(move |conversation| {
            while conversation.request().is_some() {
                conversation.send(&answer);
            }
        })
    }

    /// Hands each connection to a function; the connection is closed when it returns.
    ///
    /// # Panics
    /// When the machine has no port left.
    pub fn conversing(converse: impl Fn(&mut Conversation) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let record = Arc::new(Record::default());
        let converse = Arc::new(converse);
        let shared = Arc::clone(&record);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                let number = shared.connections.fetch_add(1, Ordering::SeqCst);
                let mut conversation = Conversation::new(stream, number, Arc::clone(&shared));
                let converse = Arc::clone(&converse);
                std::thread::spawn(move || converse(&mut conversation));
            }
        });
        Self { address, record, accepting: Some(accepting) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests read completely, in order of completion.
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.record.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Connections accepted.
    pub fn connections(&self) -> usize {
        self.record.connections.load(Ordering::SeqCst)
    }

    /// Bytes received, of whatever.
    pub fn bytes(&self) -> usize {
        self.record.bytes.load(Ordering::SeqCst)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.record.ended.store(true, Ordering::SeqCst);
        // Wakes the accepting thread.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
    }
}

/// One connection to a recording origin.
#[derive(Debug)]
pub struct Conversation {
    stream: TcpStream,
    number: usize,
    record: Arc<Record>,
    inbound: Inbound,
    reader: RequestReader,
}

impl Conversation {
    fn new(stream: TcpStream, number: usize, record: Arc<Record>) -> Self {
        let _ = stream.set_nodelay(true);
        let mut settings = Settings::default();
        // A proxy adds fields to a head that may have as many as the limit.
        settings.limits.fields += 5;
        let reader = RequestReader::new(settings);
        Self { stream, number, record, inbound: Inbound::default(), reader }
    }

    /// Which connection this is, from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Reads one request to the end of its body, records and returns it; `None` when the peer has closed.
    pub fn request(&mut self) -> Option<Vec<u8>> {
        let head = self.head()?;
        self.rest_of(head).map(|(request, _)| request)
    }

    /// As [`Conversation::request`], as head and body without transfer coding.
    pub fn request_parts(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        let head = self.head()?;
        let (_, body) = self.rest_of(head.clone())?;
        Some((head, body))
    }

    /// The request that begins with `head` as it came, and its body without transfer coding.
    fn rest_of(&mut self, head: Vec<u8>) -> Option<(Vec<u8>, Vec<u8>)> {
        let (mut request, mut body) = (head, Vec::new());
        let framing = self.reader.head().framing();
        let mut decoder = BodyDecoder::new(framing, BodyLimits::default());
        while framing != Framing::None && !decoder.is_complete() {
            let decoded = decoder.decode(self.inbound.unread()).ok()?;
            let (consumed, end) = (decoded.consumed, decoded.end);
            body.extend_from_slice(decoded.data);
            request.extend_from_slice(&self.inbound.unread()[..consumed]);
            self.inbound.consume(consumed);
            if consumed == 0 && !end && !self.receive() {
                return None;
            }
        }
        self.record.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        Some((request, body))
    }

    /// Reads one head and leaves the body where it is.
    pub fn head(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(head) = self.reader.read(&mut self.inbound) {
                return Some(head.raw().to_vec());
            }
            if !self.receive() {
                return None;
            }
        }
    }

    /// Reads exactly this many bytes of whatever; fewer when the peer closes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.inbound.unread().len() < count && self.receive() {}
        let bytes: Vec<u8> = self.inbound.unread().iter().take(count).copied().collect();
        self.inbound.consume(bytes.len());
        bytes
    }

    /// Sends bytes; false when the peer takes no more.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Ends the sending direction.
    pub fn end(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn receive(&mut self) -> bool {
        let mut block = [0; 16 * 1024];
        match self.stream.read(&mut block) {
            Ok(count @ 1..) => {
                self.record.bytes.fetch_add(count, Ordering::SeqCst);
                self.inbound.feed(&block[..count]);
                true
            }
            _ => false,
        }
    }
}
