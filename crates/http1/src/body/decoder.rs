//! Finds the bytes of a body in a stream and knows where the body ends.
//!
//! Chunked `3\r\nabc\r\n0\r\n\r\n` → `abc`, then the end; the bytes behind it are not touched. The driver calls
//! [`BodyDecoder::decode`] with what has come, uses the data, and consumes what it is told to.
//!
//! Chunks are read as strictly as httpd 2.4 reads them; a body that breaks its framing is an error, never a guess.

use super::chunked::Chunks;
use crate::deviation::Deviations;
use crate::framing::Framing;

/// Limits of chunked bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Bytes of a chunk size line, extensions included.
    pub chunk_line: usize,
    /// Bytes of a trailer field.
    pub trailer_field: usize,
    /// Number of trailer fields.
    pub trailer_fields: usize,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { chunk_line: 8190, trailer_field: 8190, trailer_fields: 100 }
    }
}

/// Why a body cannot be read further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A chunk size is not a hexadecimal number, or what follows it is not allowed there.
    #[error("malformed chunk size")]
    ChunkSize,
    /// A chunk size does not fit 63 bits, or its line is too long.
    #[error("chunk size too large")]
    ChunkTooLarge,
    /// The bytes of a chunk are not followed by CRLF.
    #[error("chunk not ended by CRLF")]
    ChunkEnd,
    /// The trailer is malformed or beyond its limits.
    #[error("malformed trailer")]
    Trailer,
    /// The sender stopped before the end.
    #[error("body ended early")]
    Truncated,
}

impl BodyError {
    /// The status httpd answers when the request body is broken in this way.
    pub fn status(self) -> u16 {
        match self {
            BodyError::ChunkTooLarge => 413,
            _ => 400,
        }
    }
}

/// One step of decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// Bytes of the input that are dealt with, `data` included; consume them.
    pub consumed: usize,
    /// Bytes of the body; empty when there are none in this step.
    pub data: &'a [u8],
    /// The body is complete.
    pub end: bool,
}

/// Decodes one body.
#[derive(Debug)]
pub struct BodyDecoder {
    state: State,
    /// What broke it: whoever asks again gets the same answer, never what lies behind the fault.
    broken: Option<BodyError>,
}

#[derive(Debug)]
enum State {
    Length(u64),
    Chunked(Box<Chunks>),
    UntilClose,
}

impl BodyDecoder {
    /// A decoder for a body framed like this.
    pub fn new(framing: Framing, limits: BodyLimits) -> Self {
        let state = match framing {
            Framing::None => State::Length(0),
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(Box::new(Chunks::new(limits))),
            Framing::UntilClose => State::UntilClose,
        };
        Self { state, broken: None }
    }

    /// Whether the whole body has been handed out. Never true for a body that ends with the connection.
    pub fn is_complete(&self) -> bool {
        match &self.state {
            State::Length(left) => *left == 0,
            State::Chunked(chunks) => chunks.is_complete(),
            State::UntilClose => false,
        }
    }

    /// Decodes the next piece of `input`. When `consumed` is 0 and `end` is false, more input is needed.
    ///
    /// # Errors
    /// When the framing is broken; the connection cannot be used further.
    pub fn decode<'a>(&mut self, input: &'a [u8]) -> Result<Decoded<'a>, BodyError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let decoded = match &mut self.state {
            State::Length(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                *left -= length as u64;
                let data = input.get(..length).unwrap_or_default();
                Ok(Decoded { consumed: length, data, end: *left == 0 })
            }
            State::Chunked(chunks) => chunks.decode(input),
            State::UntilClose => Ok(Decoded { consumed: input.len(), data: input, end: false }),
        };
        self.broken = decoded.err();
        decoded
    }

    /// The sender closed its side.
    ///
    /// # Errors
    /// [`BodyError::Truncated`] unless the body is complete or ends with the connection.
    pub fn end_of_input(&self) -> Result<(), BodyError> {
        if self.is_complete() || matches!(self.state, State::UntilClose) {
            Ok(())
        } else {
            Err(BodyError::Truncated)
        }
    }

    /// Chunk extensions and trailers met so far.
    pub fn deviations(&self) -> Deviations {
        match &self.state {
            State::Chunked(chunks) => chunks.deviations(),
            _ => Deviations::default(),
        }
    }

    /// The trailer fields, in order; complete once the body is.
    pub fn trailers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        match &self.state {
            State::Chunked(chunks) => Some(chunks.trailers()),
            _ => None,
        }
        .into_iter()
        .flatten()
    }
}
