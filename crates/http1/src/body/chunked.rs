//! The chunked coding (RFC 9112, 7.1) as a state machine over pieces of input.
//!
//! `1;x=y\r\na\r\n0\r\nT: v\r\n\r\n` → data `a`, a chunk extension, the trailer field `T`. As httpd 2.4: a size is one
//! or more hexadecimal digits, then blanks, then perhaps `;` and an extension without control bytes, then CRLF. A bare
//! LF, a sign, `0x`, a leading blank or text without `;` is an error.

use super::decoder::{BodyError, BodyLimits, Decoded};
use crate::bytes::{is_blank, is_control};
use crate::deviation::{Deviation, Deviations};
use crate::lines::{Cut, Fields, LineCursor};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the digits of a size; how many have come.
    Size { digits: usize },
    /// In blanks behind the digits.
    Blanks,
    /// Behind `;`.
    Extension,
    /// The CR of a size line has come.
    SizeLf,
    /// In the bytes of a chunk.
    Data,
    /// Behind the bytes of a chunk.
    DataCr,
    /// The CR behind a chunk has come.
    DataLf,
    /// In the trailer.
    Trailer,
    /// Everything has come.
    Complete,
}

/// The decoder of a chunked body.
#[derive(Debug)]
pub(crate) struct Chunks {
    limits: BodyLimits,
    state: State,
    /// Size being read, then bytes of the chunk still to come.
    left: u64,
    /// Bytes of the current size line.
    line: usize,
    deviations: Deviations,
    trailer: Vec<u8>,
    cursor: LineCursor,
    fields: Fields,
}

impl Chunks {
    pub(crate) fn new(limits: BodyLimits) -> Self {
        Self {
            limits,
            state: State::Size { digits: 0 },
            left: 0,
            line: 0,
            deviations: Deviations::default(),
            trailer: Vec::new(),
            cursor: LineCursor::default(),
            fields: Fields::default(),
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    pub(crate) fn deviations(&self) -> Deviations {
        self.deviations
    }

    pub(crate) fn trailers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.list.iter().map(|f| (f.name.of(&self.trailer), self.fields.value(&self.trailer, f)))
    }

    /// Decodes up to the end of one run of data, of the body, or of the input.
    pub(crate) fn decode<'a>(&mut self, input: &'a [u8]) -> Result<Decoded<'a>, BodyError> {
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            match self.state {
                State::Complete => break,
                State::Data => {
                    let rest = input.get(at..).unwrap_or_default();
                    let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                    self.left -= length as u64;
                    if self.left == 0 {
                        self.state = State::DataCr;
                    }
                    let data = rest.get(..length).unwrap_or_default();
                    return Ok(Decoded { consumed: at + length, data, end: false });
                }
                State::Trailer => {
                    let rest = input.get(at..).unwrap_or_default();
                    at += self.trailer(rest)?;
                }
                _ => {
                    self.step(byte)?;
                    at += 1;
                }
            }
        }
        Ok(Decoded { consumed: at, data: &[], end: self.is_complete() })
    }

    /// One byte of a size line or of the line end behind a chunk.
    fn step(&mut self, byte: u8) -> Result<(), BodyError> {
        self.state = match (self.state, byte) {
            (State::Size { digits }, _) if byte.is_ascii_hexdigit() => {
                self.add_digit(byte)?;
                State::Size { digits: digits + 1 }
            }
            (State::Size { digits: 1.. } | State::Blanks | State::Extension, b'\r') => State::SizeLf,
            (State::Size { digits: 1.. } | State::Blanks, b';') => {
                self.deviations.insert(Deviation::ChunkExtension);
                State::Extension
            }
            (State::Size { digits: 1.. } | State::Blanks, _) if is_blank(byte) => State::Blanks,
            (State::Extension, _) if !is_control(byte) => State::Extension,
            (State::SizeLf, b'\n') if self.left == 0 => State::Trailer,
            (State::SizeLf, b'\n') => State::Data,
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => {
                (self.left, self.line) = (0, 0);
                State::Size { digits: 0 }
            }
            (State::DataCr | State::DataLf, _) => return Err(BodyError::ChunkEnd),
            _ => return Err(BodyError::ChunkSize),
        };
        self.line += 1;
        if self.line > self.limits.chunk_line {
            return Err(BodyError::ChunkTooLarge);
        }
        Ok(())
    }

    fn add_digit(&mut self, byte: u8) -> Result<(), BodyError> {
        let digit = char::from(byte).to_digit(16).ok_or(BodyError::ChunkSize)?;
        // 63 bits, as the signed size of httpd.
        if self.left >> 59 != 0 {
            return Err(BodyError::ChunkTooLarge);
        }
        self.left = (self.left << 4) | u64::from(digit);
        Ok(())
    }

    /// Collects trailer lines; the number of bytes of `input` that belong to the trailer.
    fn trailer(&mut self, input: &[u8]) -> Result<usize, BodyError> {
        // A line is complete with its LF: take the input line by line, so that nothing behind the end is copied.
        let length = memchr::memchr(b'\n', input).map_or(input.len(), |at| at + 1);
        self.trailer.extend_from_slice(input.get(..length).unwrap_or_default());
        match self.cursor.next(&self.trailer, self.limits.trailer_field) {
            Cut::More => {}
            Cut::Overlong(_) | Cut::Line(_, true) => return Err(BodyError::Trailer),
            Cut::Line(line, false) if line.is_empty() => self.state = State::Complete,
            Cut::Line(line, false) => self.trailer_line(line)?,
        }
        Ok(length)
    }

    fn trailer_line(&mut self, line: crate::bytes::Span) -> Result<(), BodyError> {
        self.deviations.insert(Deviation::Trailers);
        let mut broken = false;
        self.fields.line(&self.trailer, line, self.limits.trailer_field, |deviation| {
            broken |= !matches!(deviation, Deviation::ObsFold | Deviation::UnderscoreAlias);
        });
        if broken || self.fields.list.len() > self.limits.trailer_fields {
            return Err(BodyError::Trailer);
        }
        Ok(())
    }
}
