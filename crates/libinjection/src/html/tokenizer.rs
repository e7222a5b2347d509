//! The HTML tokenizer: `<a href=x>` → tag `a`, attribute name `href`, attribute value `x`, tag end `>`.
//!
//! A [`Context`] says where in a page the input might stand. The states are those of the HTML standard's tokenizer as far as
//! browsers, old ones included, make a difference for script: NUL counts as white space between attributes, a back quote
//! delimits values. This file holds text and tags, `markup` holds comments and declarations, `attributes` what is inside a tag.
//! Every state either moves the cursor or hands over to one that does, so a run over the input is linear.
//! Not an HTML parser: no tree, no character references, no raw text of `<script>`. It accepts every input.

use memchr::memchr;

/// Where the input is assumed to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// In the text between tags.
    Text,
    /// In a tag, where an attribute without quotes has just ended.
    Tag,
    /// In an attribute value behind this quote: `'`, `"` or a back quote.
    Value(u8),
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text between tags, also of a CDATA section.
    Text,
    /// The name of an opening tag, or of a closing tag with attributes.
    TagName,
    /// The `>` of a tag.
    TagEnd,
    /// The `/>` of a tag.
    SelfClosingEnd,
    /// The name of a closing tag, whose `>` is consumed.
    ClosingTag,
    /// The name of an attribute.
    AttributeName,
    /// The value of an attribute without its quotes.
    AttributeValue,
    /// What stands in a comment, a processing instruction or a declaration other than a document type.
    Comment,
    /// A document type declaration from its keyword on.
    Doctype,
}

/// One HTML token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its bytes, a piece of the input; may be empty.
    pub text: &'a [u8],
}

/// What the next byte is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Text,
    TagEnd,
    BeforeAttributeName,
    AfterAttributeName,
    AfterSlash,
    BeforeAttributeValue,
    QuotedValue(u8),
    AfterQuotedValue,
    End,
}

/// What a state made of the bytes at the cursor.
pub(super) enum Step<'a> {
    Token(Token<'a>),
    /// No token yet: go on in this state.
    Continue(State),
    /// Nothing more can come.
    End,
}

/// Iterator over the tokens of an input in one [`Context`].
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    pub(super) input: &'a [u8],
    pub(super) at: usize,
    pub(super) state: State,
    /// The tag began with `</`. Stays set across `</>`, which makes the next tag look like a closing one.
    closing: bool,
}

/// Tokens of `input`, read as `context` says. Takes time linear in the input when run to the end.
#[must_use]
pub fn tokens(input: &[u8], context: Context) -> Tokens<'_> {
    let state = match context {
        Context::Text => State::Text,
        Context::Tag => State::BeforeAttributeName,
        Context::Value(quote) => State::QuotedValue(quote),
    };
    Tokens { input, at: 0, state, closing: false }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let step = match self.state {
                State::Text => self.text(),
                State::TagEnd => self.tag_end(),
                State::BeforeAttributeName => self.before_attribute_name(),
                State::AfterAttributeName => self.after_attribute_name(),
                State::AfterSlash => self.after_slash(),
                State::BeforeAttributeValue => self.before_attribute_value(),
                State::QuotedValue(quote) => self.quoted_value(quote),
                State::AfterQuotedValue => self.after_quoted_value(),
                State::End => Step::End,
            };
            match step {
                Step::Token(token) => return Some(token),
                Step::Continue(state) => self.state = state,
                Step::End => {
                    self.state = State::End;
                    return None;
                }
            }
        }
    }
}

impl<'a> Tokens<'a> {
    fn text(&mut self) -> Step<'a> {
        let rest = self.rest();
        match memchr(b'<', rest) {
            Some(0) => {
                self.at += 1;
                self.after_less_than()
            }
            // The `<` stays: the state sees it at once next time.
            Some(end) => self.emit(Kind::Text, end, 0, State::Text),
            None if rest.is_empty() => Step::End,
            None => self.emit(Kind::Text, rest.len(), 0, State::End),
        }
    }

    fn after_less_than(&mut self) -> Step<'a> {
        match self.peek() {
            None => Step::End,
            Some(b'!') => {
                self.at += 1;
                self.declaration()
            }
            Some(b'/') => {
                self.at += 1;
                self.closing = true;
                self.after_closing_mark()
            }
            Some(b'?') => {
                self.at += 1;
                self.comment_to(b">")
            }
            // A comment to old Internet Explorer and Safari.
            Some(b'%') => {
                self.at += 1;
                self.comment_to(b"%>")
            }
            Some(0 | b'a'..=b'z' | b'A'..=b'Z') => self.tag_name(),
            // The `<` was text after all, a token of its own.
            Some(_) => {
                self.at -= 1;
                self.emit(Kind::Text, 1, 0, State::Text)
            }
        }
    }

    fn after_closing_mark(&mut self) -> Step<'a> {
        match self.peek() {
            None => Step::End,
            Some(b'>') => Step::Continue(State::Text),
            Some(b'a'..=b'z' | b'A'..=b'Z') => self.tag_name(),
            Some(_) => {
                self.closing = false;
                self.comment_to(b">")
            }
        }
    }

    /// A name runs to white space, `/` or `>`. NUL is part of it, because some browsers skip it there.
    fn tag_name(&mut self) -> Step<'a> {
        let rest = self.rest();
        let end = rest.iter().position(|&byte| byte != 0 && (is_white(byte) || matches!(byte, b'/' | b'>')));
        let Some(end) = end else {
            return self.emit(Kind::TagName, rest.len(), 0, State::End);
        };
        match rest.get(end) {
            Some(b'/') => self.emit(Kind::TagName, end, 1, State::AfterSlash),
            Some(b'>') if self.closing => {
                self.closing = false;
                self.emit(Kind::ClosingTag, end, 1, State::Text)
            }
            Some(b'>') => self.emit(Kind::TagName, end, 0, State::TagEnd),
            _ => self.emit(Kind::TagName, end, 1, State::BeforeAttributeName),
        }
    }

    /// The `>` behind a tag or attribute name or an unquoted value.
    pub(super) fn tag_end(&mut self) -> Step<'a> {
        self.closing = false;
        self.emit(Kind::TagEnd, 1, 0, State::Text)
    }

    /// A token of the next `len` bytes; moves past them and `skip` more.
    pub(super) fn emit(&mut self, kind: Kind, len: usize, skip: usize, state: State) -> Step<'a> {
        let rest = self.rest();
        let text = rest.get(..len).unwrap_or(rest);
        self.at += text.len() + skip;
        self.state = state;
        Step::Token(Token { kind, text })
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }
}

/// White space inside tags. The C library asks `strchr`, for which NUL is a member of every set.
pub(super) const fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | b'\t'..=b'\r' | b' ')
}
