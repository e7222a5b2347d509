//! Responses: cuts the head of an origin's answer out of a stream of bytes and says how its body is framed.
//!
//! `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi` → status 200, framing `Length(2)`; `hi` stays in the buffer.
//!
//! Anything that two readers could understand differently (no status line, a line without colon, control bytes that
//! end lines or strings, contradictory lengths, a coding other than chunked) is an error, and the proxy answers 502:
//! no broken answer is presented as whole. Bare LF line ends, blanks before a colon and folded fields, which old
//! origins do send, are accepted and forwarded in the proper form.

use crate::bytes::{Span, list_elements};
use crate::deviation::{Deviation, Deviations};
use crate::field::Known;
use crate::framing::{self, Codings, Framing};
use crate::inbound::Inbound;
use crate::lines::{Cut, Fields, LineCursor};
use crate::settings::Limits;

/// Why an answer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// The first line is not a status line of HTTP/1.
    #[error("the answer does not begin with an HTTP/1 status line")]
    StatusLine,
    /// A header field is malformed.
    #[error("malformed header field ({})", .0.name())]
    Field(Deviation),
    /// Content-Length or Transfer-Encoding cannot be understood in one way.
    #[error("contradictory framing ({})", .0.name())]
    Framing(Deviation),
    /// The head is beyond the limits.
    #[error("the head of the answer is too large")]
    TooLarge,
    /// The origin stopped inside the head.
    #[error("the answer ended inside its head")]
    Truncated,
}

/// The head of a response.
#[derive(Debug, Default)]
pub struct ResponseHead {
    raw: Vec<u8>,
    status: u16,
    protocol: Span,
    reason: Span,
    minor: u8,
    fields: Fields,
    deviations: Deviations,
    error: Option<ResponseError>,
    framing: Framing,
    keep_alive: bool,
}

impl ResponseHead {
    /// The head as sent.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The status, 100 to 999.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The version, `HTTP/1.1`.
    pub fn protocol(&self) -> &[u8] {
        self.protocol.of(&self.raw)
    }

    /// The reason phrase; may be empty.
    pub fn reason(&self) -> &[u8] {
        self.reason.of(&self.raw)
    }

    /// The header fields in order as (name, value).
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.fields().map(|(_, name, value)| (name, value))
    }

    /// The protocols that `Upgrade` names.
    pub fn upgrades(&self) -> impl Iterator<Item = &[u8]> {
        self.known(Known::Upgrade).flat_map(list_elements).filter(|protocol| !protocol.is_empty())
    }

    /// The header fields with their classified names.
    pub fn fields(&self) -> impl Iterator<Item = (Known, &[u8], &[u8])> + Clone {
        self.fields.list.iter().map(|f| (f.known, f.name.of(&self.raw), self.fields.value(&self.raw, f)))
    }

    /// The values of all fields of a known name.
    pub fn known(&self, known: Known) -> impl Iterator<Item = &[u8]> {
        self.fields.values(&self.raw, known)
    }

    /// What deviates.
    pub fn deviations(&self) -> Deviations {
        self.deviations
    }

    /// How the body is framed, given the method of the request.
    pub fn framing(&self, method: &[u8]) -> Framing {
        let bodiless = method == b"HEAD" || self.status < 200 || matches!(self.status, 204 | 304);
        if bodiless { Framing::None } else { self.framing }
    }

    /// Whether an origin that errs may still send a body, though there is none: after HEAD, and where 204 or 304 announce
    /// one. Nobody can tell such a body from the next answer.
    pub fn may_be_followed(&self, method: &[u8]) -> bool {
        let announced = matches!(self.framing, Framing::Chunked | Framing::Length(1..));
        match self.framing(method) {
            Framing::None if method == b"HEAD" => {
                announced || (!matches!(self.status, 204 | 304) && self.framing != Framing::Length(0))
            }
            Framing::None => announced,
            Framing::UntilClose => true,
            Framing::Length(_) | Framing::Chunked => false,
        }
    }

    /// The length announced, whether or not a body follows.
    pub fn announced_length(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(length) => Some(length),
            _ => None,
        }
    }

    /// Whether the origin will take another request on this connection once the body has been read.
    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    fn clear(&mut self) {
        self.raw.clear();
        self.fields.clear();
        self.status = 0;
        self.protocol = Span::default();
        self.reason = Span::default();
        self.minor = 0;
        self.deviations = Deviations::default();
        self.error = None;
        self.framing = Framing::None;
        self.keep_alive = false;
    }

    fn set_status_line(&mut self, unread: &[u8], line: Span) -> Result<(), ResponseError> {
        let bytes = line.of(unread);
        let start = line.start as usize;
        let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9', b' ', a, b, c, rest @ ..] = bytes
        else {
            return Err(ResponseError::StatusLine);
        };
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| u16::from(byte.wrapping_sub(b'0')));
        let (Some(a @ 1..=9), Some(b), Some(c)) = (digit(a), digit(b), digit(c)) else {
            return Err(ResponseError::StatusLine);
        };
        if !matches!(rest.first(), None | Some(b' ')) || rest.iter().any(|&b| crate::bytes::is_control(b)) {
            return Err(ResponseError::StatusLine);
        }
        self.minor = minor.wrapping_sub(b'0');
        self.status = a * 100 + b * 10 + c;
        self.protocol = Span::new(start, start + 8);
        self.reason = Span::new(start + 13, line.end as usize);
        Ok(())
    }

    fn add_line(&mut self, unread: &[u8], line: Span, limit: usize) -> Result<(), ResponseError> {
        let Self { fields, deviations, error, .. } = self;
        fields.line(unread, line, limit, |deviation| {
            deviations.insert(deviation);
            match deviation {
                Deviation::ObsFold | Deviation::SpaceBeforeColon | Deviation::UnderscoreAlias => {}
                // Not ends of lines or strings: clients see them as the origin sent them.
                Deviation::ControlByte => {}
                Deviation::OverlongField => *error = Some(ResponseError::TooLarge),
                _ => *error = Some(ResponseError::Field(deviation)),
            }
        });
        error.map_or(Ok(()), Err)
    }

    fn finish(&mut self, bytes: &[u8]) -> Result<(), ResponseError> {
        self.raw.extend_from_slice(bytes);
        let mut broken = None;
        let length =
            framing::content_length(self.fields.values(&self.raw, Known::ContentLength), |deviation| {
                if deviation != Deviation::DuplicateContentLength {
                    broken = Some(ResponseError::Framing(deviation));
                }
            });
        if let Some(error) = broken {
            return Err(error);
        }
        let codings = framing::transfer_codings(self.fields.values(&self.raw, Known::TransferEncoding));
        self.framing = match (codings, length) {
            (Codings::Absent, Some(length)) => Framing::Length(length),
            (Codings::Absent, None) => Framing::UntilClose,
            (Codings::Chunked, _) => Framing::Chunked,
            _ => return Err(ResponseError::Framing(Deviation::UnknownTransferCoding)),
        };
        let contradictory = self.framing == Framing::Chunked && (length.is_some() || self.minor == 0);
        if contradictory {
            self.deviations.insert(Deviation::ContentLengthWithTransferEncoding);
        }
        let (mut close, mut keep) = (false, false);
        for option in self.fields.values(&self.raw, Known::Connection).flat_map(list_elements) {
            close |= option.eq_ignore_ascii_case(b"close");
            keep |= option.eq_ignore_ascii_case(b"keep-alive");
        }
        self.keep_alive = !close && (self.minor >= 1 || keep) && !contradictory;
        Ok(())
    }
}

/// Reads response heads; keeps its buffers from one to the next.
#[derive(Debug)]
pub struct ResponseReader {
    limits: Limits,
    cursor: LineCursor,
    inside: bool,
    head: ResponseHead,
}

impl ResponseReader {
    /// A reader with these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, cursor: LineCursor::default(), inside: false, head: ResponseHead::default() }
    }

    /// The head read last.
    pub fn head(&self) -> &ResponseHead {
        &self.head
    }

    /// Consumes bytes until a head is complete; `None` when more are needed. Interim answers (1xx) are heads like
    /// any other.
    ///
    /// # Errors
    /// When the answer cannot be used; neither can the connection.
    pub fn read(&mut self, inbound: &mut Inbound) -> Result<Option<&ResponseHead>, ResponseError> {
        if !self.inside {
            self.inside = true;
            self.cursor = LineCursor::default();
            self.head.clear();
        }
        let Some(length) = self.scan(inbound.unread())? else { return Ok(None) };
        self.head.finish(inbound.unread().get(..length).unwrap_or_default())?;
        inbound.consume(length);
        self.inside = false;
        Ok(Some(&self.head))
    }

    /// Forgets an incomplete head, for a new connection.
    pub fn reset(&mut self) {
        self.inside = false;
    }

    /// Gives memory back that a large head has taken, while none is being read.
    pub fn shrink(&mut self, keep: usize) {
        if !self.inside && self.head.raw.capacity() > keep {
            self.head = ResponseHead::default();
        }
    }

    fn scan(&mut self, unread: &[u8]) -> Result<Option<usize>, ResponseError> {
        loop {
            let room = self.limits.head.saturating_sub(self.cursor.start);
            let first = self.cursor.start == 0;
            let limit = if first { self.limits.request_line } else { self.limits.field };
            match self.cursor.next(unread, limit.min(room)) {
                Cut::More => {
                    // What cannot become a status line is not waited for.
                    let prefix = unread.get(..7).unwrap_or(unread);
                    if first && !b"HTTP/1.".starts_with(prefix) {
                        return Err(ResponseError::StatusLine);
                    }
                    return Ok(None);
                }
                Cut::Overlong(_) => return Err(ResponseError::TooLarge),
                Cut::Line(line, bare) => {
                    if bare {
                        self.head.deviations.insert(Deviation::BareLf);
                    }
                    if first {
                        self.head.set_status_line(unread, line)?;
                    } else if line.is_empty() {
                        return Ok(Some(self.cursor.start));
                    } else {
                        self.head.add_line(unread, line, self.limits.field)?;
                        if self.head.fields.list.len() > self.limits.fields {
                            return Err(ResponseError::TooLarge);
                        }
                    }
                }
            }
        }
    }
}
