//! Reads a body piece by piece out of what a connection has received.
//!
//! ```text
//! advance → Data: use piece(…) → advance (consumes it) → NeedMore: fill the inbound → advance → … → End
//! ```
//!
//! Pieces are handed out where they lie in the receive buffer; nothing is copied. Request and response bodies are both
//! read with it.

use portcullis_http1::{BodyDecoder, BodyError, BodyLimits, Deviations, Framing, Inbound};

/// Where reading a body stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// A piece is there.
    Data,
    /// What has been received is used up.
    NeedMore,
    /// The body is complete.
    End,
}

/// Reads one body.
#[derive(Debug)]
pub(crate) struct BodyReader {
    decoder: BodyDecoder,
    /// Bytes of the inbound that belong to the current piece, framing before it included.
    taken: usize,
    /// Bytes of the piece: the last ones of `taken`.
    piece: usize,
    ended: bool,
}

impl BodyReader {
    /// A reader of a body framed like this.
    pub(crate) fn new(framing: Framing) -> Self {
        let decoder = BodyDecoder::new(framing, BodyLimits::default());
        let ended = decoder.is_complete();
        Self { decoder, taken: 0, piece: 0, ended }
    }

    /// Consumes the current piece and finds the next one.
    ///
    /// # Errors
    /// When the framing is broken; the connection cannot be used further.
    pub(crate) fn advance(&mut self, inbound: &mut Inbound) -> Result<Progress, BodyError> {
        loop {
            inbound.consume(self.taken);
            (self.taken, self.piece) = (0, 0);
            if self.ended {
                return Ok(Progress::End);
            }
            let decoded = self.decoder.decode(inbound.unread())?;
            (self.taken, self.piece) = (decoded.consumed, decoded.data.len());
            self.ended = decoded.end;
            if self.piece > 0 {
                return Ok(Progress::Data);
            }
            if self.taken == 0 && !self.ended {
                return Ok(Progress::NeedMore);
            }
        }
    }

    /// The current piece.
    pub(crate) fn piece<'i>(&self, inbound: &'i Inbound) -> &'i [u8] {
        inbound.unread().get(self.taken - self.piece..self.taken).unwrap_or_default()
    }

    /// The sender closed its side.
    ///
    /// # Errors
    /// When the body is not complete without what would have followed.
    pub(crate) fn end_of_input(&mut self) -> Result<(), BodyError> {
        self.decoder.end_of_input()?;
        self.ended = true;
        Ok(())
    }

    /// Whether the last byte of the body has been handed out.
    pub(crate) fn is_complete(&self) -> bool {
        self.ended
    }

    /// Chunk extensions and trailers met so far.
    pub(crate) fn deviations(&self) -> Deviations {
        self.decoder.deviations()
    }

    /// The trailer fields, once the body is complete.
    pub(crate) fn trailers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.decoder.trailers()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_as_they_are_received_and_what_follows_stays() {
        let mut inbound = Inbound::default();
        let mut reader = BodyReader::new(Framing::Chunked);
        let mut body = Vec::new();
        for bytes in [&b"3\r\nab"[..], b"c\r\n2;x", b"\r\nde\r\n0\r\nT: 1\r\n", b"\r\nGET"] {
            inbound.feed(bytes);
            while reader.advance(&mut inbound).unwrap() == Progress::Data {
                body.extend_from_slice(reader.piece(&inbound));
            }
        }
        assert!(reader.is_complete());
        assert_eq!(body, b"abcde");
        assert_eq!(inbound.unread(), b"GET");
        assert_eq!(reader.trailers().collect::<Vec<_>>(), [(&b"T"[..], &b"1"[..])]);
    }

    #[test]
    fn bodies_without_bytes_are_complete_at_once() {
        let mut inbound = Inbound::default();
        inbound.feed(b"GET");
        for framing in [Framing::None, Framing::Length(0)] {
            let mut reader = BodyReader::new(framing);
            assert!(reader.is_complete());
            assert_eq!(reader.advance(&mut inbound), Ok(Progress::End));
        }
        assert_eq!(inbound.unread(), b"GET");
        let mut reader = BodyReader::new(Framing::Length(4));
        assert_eq!(reader.advance(&mut inbound), Ok(Progress::Data));
        assert!(!reader.is_complete() && reader.end_of_input().is_err());
    }
}
