//! Lexemes of a JSON text, with yajl's rules for what is an error.
//!
//! `[1, "a\n"]` → `[`, `1`, `,`, string `a\n` (still escaped), `]`. The walker in `json` asks for one at a time.
//! v2 ends the parsing with one blank after the body, which completes a number or spoils a word that was cut off.
//! The lexer therefore reads the text as if one blank followed, and notes in [`Lexeme::at_end`] when that blank was
//! needed. Strings are checked here and decoded in `strings`; white space includes vertical tab and form feed.

/// One lexeme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lexeme<'a> {
    pub(super) token: Token<'a>,
    /// Whether the end of the body had to be seen to recognise it.
    pub(super) at_end: bool,
}

/// What a lexeme is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    OpenMap,
    CloseMap,
    OpenArray,
    CloseArray,
    Comma,
    Colon,
    /// The bytes between the quotes, and whether a backslash is among them.
    String {
        raw: &'a [u8],
        escapes: bool,
    },
    /// The text of a number or boolean; empty for null.
    Literal(&'a [u8]),
    /// No lexeme begins here; yajl's reason.
    Error(&'static str),
    /// Nothing is left, or a string is cut off.
    End,
}

/// A position in the text.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    /// The next lexeme. After an error or the end it must not be called again.
    pub(super) fn next(&mut self) -> Lexeme<'a> {
        while self.peek().is_some_and(is_white) {
            self.at += 1;
        }
        let token = self.token();
        Lexeme { token, at_end: self.at > self.input.len() }
    }

    fn token(&mut self) -> Token<'a> {
        let Some(first) = self.peek() else { return Token::End };
        match first {
            b'{' => self.single(Token::OpenMap),
            b'}' => self.single(Token::CloseMap),
            b'[' => self.single(Token::OpenArray),
            b']' => self.single(Token::CloseArray),
            b',' => self.single(Token::Comma),
            b':' => self.single(Token::Colon),
            b'"' => self.string(),
            b't' => self.word(b"true", b"true"),
            b'f' => self.word(b"false", b"false"),
            b'n' => self.word(b"null", b""),
            b'-' | b'0'..=b'9' => self.number(),
            b'/' => Token::Error("probable comment found in input text, comments are not enabled."),
            _ => Token::Error("invalid char in json text."),
        }
    }

    fn single(&mut self, token: Token<'a>) -> Token<'a> {
        self.at += 1;
        token
    }

    fn word(&mut self, word: &[u8], value: &'static [u8]) -> Token<'a> {
        for &want in word {
            if self.take() != Some(want) {
                return Token::Error("invalid string in json text.");
            }
        }
        Token::Literal(value)
    }

    fn number(&mut self) -> Token<'a> {
        let start = self.at;
        match self.number_end() {
            Ok(()) => {
                let text = self.input.get(start..self.at).unwrap_or_default();
                // The byte after a number has been looked at; at the end of the body that is v2's extra blank.
                if self.at == self.input.len() {
                    self.at += 1;
                }
                Token::Literal(text)
            }
            Err(text) => Token::Error(text),
        }
    }

    fn number_end(&mut self) -> Result<(), &'static str> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("malformed number, a digit is required after the minus sign.")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("malformed number, a digit is required after the decimal point.")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("malformed number, a digit is required after the exponent.")?;
        }
        Ok(())
    }

    /// One or more digits.
    fn digits(&mut self, missing: &'static str) -> Result<(), &'static str> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start {
            return Ok(());
        }
        // The offending byte has been read; at the end of the body that is v2's extra blank.
        self.at += 1;
        Err(missing)
    }

    fn string(&mut self) -> Token<'a> {
        self.at += 1;
        let start = self.at;
        let mut escapes = false;
        loop {
            self.at += self.plain();
            let Some(byte) = self.peek() else { return Token::End };
            self.at += 1;
            let outcome = match byte {
                b'"' => {
                    let raw = self.input.get(start..self.at - 1).unwrap_or_default();
                    return Token::String { raw, escapes };
                }
                b'\\' => {
                    escapes = true;
                    self.escape()
                }
                0..=0x1f => Err("invalid character inside string."),
                _ => self.continuation(byte),
            };
            if let Err(text) = outcome {
                return Token::Error(text);
            }
        }
    }

    /// How many bytes from here need no look: neither quote, backslash, control nor beyond ASCII.
    fn plain(&self) -> usize {
        let rest = self.input.get(self.at..).unwrap_or_default();
        rest.iter()
            .position(|byte| !matches!(byte, b' '..=b'!' | b'#'..=b'[' | b']'..=0x7f))
            .unwrap_or(rest.len())
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<(), &'static str> {
        match self.take() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => {
                let hexadecimal = (0..4).all(|_| self.take().is_some_and(|byte| byte.is_ascii_hexdigit()));
                let reason = "invalid (non-hex) character occurs after '\\u' inside string.";
                if hexadecimal { Ok(()) } else { Err(reason) }
            }
            _ => Err("inside a string, '\\' occurs before a character which it may not."),
        }
    }

    /// The bytes after the first one of a UTF-8 sequence. Like yajl, it accepts overlong forms and surrogates.
    fn continuation(&mut self, first: u8) -> Result<(), &'static str> {
        let more = match first {
            0xc0..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf7 => 3,
            _ => return Err("invalid bytes in UTF8 string."),
        };
        let valid = (0..more).all(|_| self.take().is_some_and(|byte| byte >> 6 == 0b10));
        if valid { Ok(()) } else { Err("invalid bytes in UTF8 string.") }
    }

    /// The byte here, if the body has one.
    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    /// Reads one byte; at the end of the body it moves past v2's extra blank and gives nothing.
    fn take(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at += 1;
        byte
    }
}

fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
