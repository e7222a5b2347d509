//! The states of the HTML tokenizer inside a tag.
//!
//! ` a=1 b/` → name `a`, value `1`, name `b`. Called by `tokenizer` from the end of a tag's name to its `>`.
//! Limit kept from the C library: where a name or a value could begin, the byte 0xFF ends the input, because the C code
//! compares a signed character with its end mark of -1.

use memchr::memchr;

use super::tokenizer::{Kind, State, Step, Tokens, is_white};

/// What the C library takes for the end of the input.
const END_MARK: u8 = 0xff;

impl<'a> Tokens<'a> {
    pub(super) fn before_attribute_name(&mut self) -> Step<'a> {
        match self.peek_past_white() {
            None => Step::End,
            Some(b'/') => {
                self.at += 1;
                Step::Continue(State::AfterSlash)
            }
            Some(b'>') => self.emit(Kind::TagEnd, 1, 0, State::Text),
            Some(_) => self.attribute_name(),
        }
    }

    pub(super) fn after_attribute_name(&mut self) -> Step<'a> {
        match self.peek_past_white() {
            None => Step::End,
            Some(b'/') => {
                self.at += 1;
                Step::Continue(State::AfterSlash)
            }
            Some(b'=') => {
                self.at += 1;
                Step::Continue(State::BeforeAttributeValue)
            }
            Some(b'>') => self.tag_end(),
            Some(_) => self.attribute_name(),
        }
    }

    /// The `/` of `/>`, or one that means nothing.
    pub(super) fn after_slash(&mut self) -> Step<'a> {
        match self.peek() {
            None => Step::End,
            Some(b'>') => {
                self.at -= 1;
                self.emit(Kind::SelfClosingEnd, 2, 0, State::Text)
            }
            Some(_) => Step::Continue(State::BeforeAttributeName),
        }
    }

    /// A name has at least one byte, whatever it is, and runs to white space, `/`, `=` or `>`.
    fn attribute_name(&mut self) -> Step<'a> {
        let rest = self.rest();
        let tail = rest.get(1..).unwrap_or_default();
        let end = tail.iter().position(|&byte| is_white(byte) || matches!(byte, b'/' | b'=' | b'>'));
        let Some(end) = end else {
            return self.emit(Kind::AttributeName, rest.len(), 0, State::End);
        };
        let len = end + 1;
        match rest.get(len) {
            Some(b'/') => self.emit(Kind::AttributeName, len, 1, State::AfterSlash),
            Some(b'=') => self.emit(Kind::AttributeName, len, 1, State::BeforeAttributeValue),
            Some(b'>') => self.emit(Kind::AttributeName, len, 0, State::TagEnd),
            _ => self.emit(Kind::AttributeName, len, 1, State::AfterAttributeName),
        }
    }

    pub(super) fn before_attribute_value(&mut self) -> Step<'a> {
        match self.peek_past_white() {
            None => Step::End,
            // Internet Explorer took back quotes for quotes.
            Some(quote @ (b'"' | b'\'' | b'`')) => {
                self.at += 1;
                Step::Continue(State::QuotedValue(quote))
            }
            Some(_) => self.unquoted_value(),
        }
    }

    pub(super) fn quoted_value(&mut self, quote: u8) -> Step<'a> {
        let rest = self.rest();
        match memchr(quote, rest) {
            Some(end) => self.emit(Kind::AttributeValue, end, 1, State::AfterQuotedValue),
            None => self.emit(Kind::AttributeValue, rest.len(), 0, State::End),
        }
    }

    /// A value without quotes runs to white space or `>`.
    fn unquoted_value(&mut self) -> Step<'a> {
        let rest = self.rest();
        let end = rest.iter().position(|&byte| is_white(byte) || byte == b'>');
        match end.map(|end| (end, rest.get(end))) {
            Some((end, Some(b'>'))) => self.emit(Kind::AttributeValue, end, 0, State::TagEnd),
            Some((end, _)) => self.emit(Kind::AttributeValue, end, 1, State::BeforeAttributeName),
            None => self.emit(Kind::AttributeValue, rest.len(), 0, State::End),
        }
    }

    pub(super) fn after_quoted_value(&mut self) -> Step<'a> {
        match self.peek() {
            None => Step::End,
            Some(b'/') => {
                self.at += 1;
                Step::Continue(State::AfterSlash)
            }
            Some(_) => Step::Continue(State::BeforeAttributeName),
        }
    }

    /// The next byte that is not white space; `None` at the end and before [`END_MARK`].
    fn peek_past_white(&mut self) -> Option<u8> {
        let rest = self.rest();
        self.at += rest.iter().position(|&byte| !is_white(byte)).unwrap_or(rest.len());
        self.peek().filter(|&byte| byte != END_MARK)
    }
}
