//! The receive buffer of a connection: bytes that have come and are not consumed yet.
//!
//! `feed(b"GET …\r\n\r\nGET")`, the reader consumes the first head, `unread()` is `b"GET"` and stays for the next
//! message: that is all pipelining needs. A driver reads from its socket straight into [`Inbound::spare`].
//!
//! It grows only as far as its user lets it: whoever reads checks [`Inbound::unread`] against a limit first.

/// Received bytes, consumed from the front.
#[derive(Debug, Default, Clone)]
pub struct Inbound {
    bytes: Vec<u8>,
    start: usize,
}

impl Inbound {
    /// The bytes not consumed yet.
    pub fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// Whether everything has been consumed.
    pub fn is_empty(&self) -> bool {
        self.start >= self.bytes.len()
    }

    /// Marks `count` bytes as consumed; more than there are consumes all.
    pub fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.bytes.len());
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
    }

    /// The vector to append received bytes to, with room for at least `room` more. What was consumed is dropped
    /// first, so that the buffer does not creep; the bytes moved are at most those not consumed.
    pub fn spare(&mut self, room: usize) -> &mut Vec<u8> {
        if self.start > 0 && self.bytes.capacity() - self.bytes.len() < room {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.reserve(room);
        &mut self.bytes
    }

    /// Appends a copy of `bytes`.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.spare(bytes.len()).extend_from_slice(bytes);
    }

    /// Gives memory back when the buffer holds nothing and has grown beyond `keep` bytes.
    pub fn shrink(&mut self, keep: usize) {
        if self.is_empty() && self.bytes.capacity() > keep {
            self.bytes = Vec::new();
            self.start = 0;
        }
    }
}
