//! Cuts request heads out of a stream of bytes.
//!
//! Fed `GET / HTTP/1.1\r\nHost: h\r\n\r\nabc` in any pieces, it yields one [`RequestHead`] and leaves `abc` in the
//! [`Inbound`] buffer, for the body decoder or as the next request. The connection driver calls it after every read.
//!
//! It always yields a head once it knows that a request has come, however broken: what could be read, the deviations,
//! and the refusal that the policies demand. After a refusal nothing more may be read from the connection, because
//! nobody knows where the next message begins.

use super::head::RequestHead;
use crate::deviation::Deviation;
use crate::inbound::Inbound;
use crate::lines::{Cut, LineCursor};
use crate::settings::Settings;

/// Reads request heads; keeps its buffers from one to the next.
#[derive(Debug)]
pub struct RequestReader {
    settings: Settings,
    cursor: LineCursor,
    state: State,
    empty_lines: usize,
    head: RequestHead,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the request line.
    Start,
    /// Behind the request line.
    Fields,
    /// A head has been yielded.
    Complete,
}

impl RequestReader {
    /// A reader with these settings.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            cursor: LineCursor::default(),
            state: State::Start,
            empty_lines: 0,
            head: RequestHead::default(),
        }
    }

    /// Whether some bytes of a head that is not complete have come (a line, or a part of one).
    pub fn is_inside(&self, inbound: &Inbound) -> bool {
        self.state == State::Fields || (self.state == State::Start && !inbound.is_empty())
    }

    /// The head read last.
    pub fn head(&self) -> &RequestHead {
        &self.head
    }

    /// Consumes bytes until a head is complete; `None` when more are needed. Calling it after a complete head starts
    /// the next one.
    pub fn read(&mut self, inbound: &mut Inbound) -> Option<&RequestHead> {
        self.restart_after_a_head();
        if self.state == State::Start && !self.skip_empty_lines(inbound) {
            return self.complete(inbound, 0);
        }
        let length = self.scan(inbound.unread())?;
        self.complete(inbound, length)
    }

    /// Gives memory back that a large head has taken, while none is being read.
    pub fn shrink(&mut self, keep: usize) {
        // Deviations of empty lines before a head are kept in it.
        if self.state != State::Fields && self.empty_lines == 0 {
            self.head.shrink(keep);
        }
    }

    /// The client sent no more. Yields what has come of an incomplete head as a refused one; `None` when nothing, or
    /// less than a request line, has come.
    pub fn end(&mut self, inbound: &mut Inbound) -> Option<&RequestHead> {
        if self.state != State::Fields {
            return None;
        }
        let length = self.cursor.start;
        self.head.note(Deviation::IncompleteHead, &self.settings.policies);
        self.complete(inbound, length)
    }

    fn restart_after_a_head(&mut self) {
        if self.state == State::Complete {
            self.state = State::Start;
            self.cursor = LineCursor::default();
            self.empty_lines = 0;
        }
    }

    /// Drops empty lines before a request line; false when there are too many.
    fn skip_empty_lines(&mut self, inbound: &mut Inbound) -> bool {
        loop {
            let (length, bare) = match inbound.unread() {
                [b'\r', b'\n', ..] => (2, false),
                [b'\n', ..] => (1, true),
                _ => return true,
            };
            inbound.consume(length);
            if self.empty_lines == 0 {
                self.head.clear();
            }
            self.empty_lines += 1;
            self.head.note(Deviation::EmptyLineBefore, &self.settings.policies);
            if bare {
                self.head.note(Deviation::BareLf, &self.settings.policies);
            }
            if self.empty_lines > self.settings.limits.empty_lines {
                self.head.note(Deviation::TooManyEmptyLines, &self.settings.policies);
                return false;
            }
        }
    }

    /// Reads lines; the length of the head when it is complete.
    fn scan(&mut self, unread: &[u8]) -> Option<usize> {
        let Self { settings, cursor, state, empty_lines, head } = self;
        let (limits, policies) = (&settings.limits, &settings.policies);
        loop {
            if *state == State::Start && cursor.start == 0 && *empty_lines == 0 {
                // Deviations of empty lines before this head must stay.
                head.clear();
            }
            let line_limit = if *state == State::Start { limits.request_line } else { limits.field };
            let room = limits.head.saturating_sub(cursor.start);
            match cursor.next(unread, line_limit.min(room)) {
                Cut::More => return None,
                Cut::Overlong(part) => {
                    let too_long = match *state {
                        _ if room < line_limit => Deviation::OverlongHead,
                        State::Start => Deviation::OverlongLine,
                        _ => Deviation::OverlongField,
                    };
                    head.note(too_long, policies);
                    if *state == State::Start {
                        head.set_line(unread, part, policies);
                    }
                    return Some(part.end as usize);
                }
                Cut::Line(line, bare) => {
                    if bare {
                        head.note(Deviation::BareLf, policies);
                    }
                    if *state == State::Start {
                        head.set_line(unread, line, policies);
                        *state = State::Fields;
                        if head.is_http09() {
                            return Some(cursor.start);
                        }
                    } else if line.is_empty() {
                        return Some(cursor.start);
                    } else {
                        head.add_line(unread, line, limits.field, policies);
                        if head.field_count() > limits.fields {
                            head.note(Deviation::TooManyFields, policies);
                            return Some(cursor.start);
                        }
                    }
                }
            }
        }
    }

    fn complete(&mut self, inbound: &mut Inbound, length: usize) -> Option<&RequestHead> {
        self.head.finish(inbound.unread().get(..length).unwrap_or_default(), &self.settings.policies);
        inbound.consume(length);
        self.state = State::Complete;
        Some(&self.head)
    }
}
