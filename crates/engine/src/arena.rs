//! One growing byte buffer per transaction, and ranges into it.
//!
//! Every value a rule can see (header, argument, transformed copy, TX member) is a [`Text`]: a range of the
//! transaction's [`Arena`]. The arena only grows, so a range stays valid and a snapshot of a value is two integers.

use std::net::IpAddr;

/// A byte range of an [`Arena`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Text {
    start: u32,
    len: u32,
}

impl Text {
    /// The empty text, valid in every arena.
    pub(crate) const EMPTY: Text = Text { start: 0, len: 0 };

    /// Length in bytes.
    pub(crate) fn len(self) -> usize {
        self.len as usize
    }

    /// Two numbers that identify the range.
    pub(crate) fn key(self) -> (u32, u32) {
        (self.start, self.len)
    }

    /// The text in another arena that holds the bytes from `from` of this one at `to`.
    pub(crate) fn moved(self, from: usize, to: usize) -> Text {
        Text { start: (self.start as usize + to - from) as u32, len: self.len }
    }

    /// A part of this text: `start..end`, clamped.
    pub(crate) fn slice(self, start: usize, end: usize) -> Text {
        let end = end.min(self.len());
        let start = start.min(end);
        Text { start: self.start + start as u32, len: (end - start) as u32 }
    }
}

/// The buffer behind [`Text`].
#[derive(Debug, Default)]
pub(crate) struct Arena {
    bytes: Vec<u8>,
}

impl Arena {
    /// How many bytes an arena may hold: offsets are 32-bit, and no configuration limit reaches this.
    const CAPACITY: usize = u32::MAX as usize;

    /// Forgets all texts.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// How many bytes it holds.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes from a position on.
    pub(crate) fn bytes_from(&self, position: usize) -> &[u8] {
        self.bytes.get(position..).unwrap_or_default()
    }

    /// How many bytes it can hold without growing.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The bytes of a text.
    pub(crate) fn get(&self, text: Text) -> &[u8] {
        self.bytes.get(text.start as usize..(text.start as usize + text.len as usize)).unwrap_or_default()
    }

    /// Copies bytes in. What no longer fits is cut off; the limits of the configuration are reached long before.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Text {
        let room = Self::CAPACITY - self.bytes.len();
        let bytes = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        Text { start, len: bytes.len() as u32 }
    }

    /// Appends to a text, in place when it is the last one in the arena.
    pub(crate) fn extend(&mut self, text: Text, bytes: &[u8]) -> Text {
        if text.start as usize + text.len() == self.bytes.len() {
            let added = self.push(bytes);
            return Text { start: text.start, len: text.len + added.len };
        }
        let start = self.bytes.len() as u32;
        let old = text.start as usize..text.start as usize + text.len();
        if old.end <= self.bytes.len() {
            self.bytes.extend_from_within(old);
        }
        let added = self.push(bytes);
        Text { start, len: text.len + added.len }
    }

    /// Writes an address; IPv4, which nearly all are, without the formatting machinery.
    pub(crate) fn push_address(&mut self, address: IpAddr) -> Text {
        let IpAddr::V4(address) = address.to_canonical() else { return self.push_number(address) };
        let start = self.bytes.len() as u32;
        for (position, octet) in address.octets().into_iter().enumerate() {
            if position > 0 {
                self.bytes.push(b'.');
            }
            self.push_decimal(u16::from(octet));
        }
        Text { start, len: self.bytes.len() as u32 - start }
    }

    /// Writes a port.
    pub(crate) fn push_port(&mut self, port: u16) -> Text {
        let start = self.bytes.len() as u32;
        self.push_decimal(port);
        Text { start, len: self.bytes.len() as u32 - start }
    }

    fn push_decimal(&mut self, number: u16) {
        let mut divisor = 10_000;
        while divisor > 1 && divisor > number {
            divisor /= 10;
        }
        while divisor > 0 {
            self.bytes.push(b'0' + (number / divisor % 10) as u8);
            divisor /= 10;
        }
    }

    /// Writes a number that is nearly always small, without the formatting machinery.
    pub(crate) fn push_count(&mut self, number: u64) -> Text {
        let Ok(small) = u16::try_from(number) else { return self.push_number(number) };
        self.push_port(small)
    }

    /// Writes a number.
    pub(crate) fn push_number(&mut self, number: impl std::fmt::Display) -> Text {
        use std::io::Write as _;
        let start = self.bytes.len() as u32;
        // Writing to a Vec cannot fail.
        let _ = write!(self.bytes, "{number}");
        Text { start, len: self.bytes.len() as u32 - start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ports_read_as_they_are_displayed() {
        let mut arena = Arena::default();
        for text in ["0.0.0.0", "1.20.255.9", "100.99.10.0", "::1", "2001:db8::a", "::ffff:1.2.3.4"] {
            let address: IpAddr = text.parse().unwrap();
            let written = arena.push_address(address);
            assert_eq!(arena.get(written), address.to_canonical().to_string().as_bytes());
        }
        for port in [0u16, 7, 10, 80, 999, 1000, 8080, 9999, 10_000, 65_535] {
            let written = arena.push_count(u64::from(port));
            assert_eq!(arena.get(written), port.to_string().as_bytes());
            let large = arena.push_count(u64::from(port) + 65_536);
            assert_eq!(arena.get(large), (u32::from(port) + 65_536).to_string().as_bytes());
        }
    }
}
