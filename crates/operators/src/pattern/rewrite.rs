//! A PCRE2 10.42 source with DOLLAR_ENDONLY → the same for the PCRE2 at hand, without that option.
//!
//! `é$|a{,3}` becomes `\xc3\xa9\z|a\{,3}`. Four things are changed: `$` outside of `(?m)` becomes `\z`; braces that are
//! no quantifier in 10.42 (`{,3}`, `{ 3 }`) are escaped, because 10.43 reads them as one; bytes outside of ASCII are
//! escaped, because the crate takes text, and `\Q…\E` around them is spelled out. Comments are emptied. Everything else is copied, in
//! error or not: PCRE2 judges it, and its offsets are mapped back.

use super::Options;

/// The new source and where its bytes come from.
#[derive(Debug)]
pub(super) struct Rewritten {
    pub(super) text: String,
    origin: Vec<u32>,
}

impl Rewritten {
    /// The offset in the old source for one in the new.
    pub(super) fn source_offset(&self, offset: usize, length: usize) -> usize {
        self.origin.get(offset).map_or(length, |&origin| origin as usize)
    }
}

/// Rewrites a source.
pub(super) fn rewrite(source: &[u8], options: Options) -> Rewritten {
    let mut rewriter = Rewriter {
        source,
        at: 0,
        out: Rewritten { text: String::with_capacity(source.len() + 16), origin: Vec::new() },
        flags: Flags { multiline: options.multiline, extended: false },
        outer: Vec::new(),
    };
    while rewriter.at < source.len() {
        rewriter.step();
    }
    rewriter.out
}

#[derive(Clone, Copy)]
struct Flags {
    multiline: bool,
    extended: bool,
}

struct Rewriter<'s> {
    source: &'s [u8],
    at: usize,
    out: Rewritten,
    flags: Flags,
    /// The flags of the groups around.
    outer: Vec<Flags>,
}

impl Rewriter<'_> {
    fn rest(&self) -> &[u8] {
        &self.source[self.at..]
    }

    /// Writes what stands for the next `consumed` bytes.
    fn emit(&mut self, text: &str, consumed: usize) {
        self.out.text.push_str(text);
        // Sources are configuration: far below 4 GiB.
        self.out.origin.resize(self.out.text.len(), self.at as u32);
        self.at += consumed;
    }

    /// Copies bytes, escaping those outside of ASCII.
    fn copy(&mut self, count: usize) {
        for _ in 0..count {
            let Some(&byte) = self.rest().first() else { return };
            match byte {
                0..0x80 => self.emit(char::from(byte).encode_utf8(&mut [0; 4]), 1),
                _ => self.emit(&format!("\\x{byte:02x}"), 1),
            }
        }
    }

    fn step(&mut self) {
        match self.rest() {
            [b'\\', ..] => self.escape(),
            [b'[', ..] => self.class(),
            [b'(', b'?', b'#', ..] => {
                let length = memchr::memchr(b')', self.rest());
                match length {
                    Some(length) => self.emit("(?#)", length + 1),
                    None => self.copy(usize::MAX),
                }
            }
            [b'(', b'*', ..] => self.copy(memchr::memchr(b')', self.rest()).map_or(2, |end| end + 1)),
            [b'(', ..] => self.group(),
            [b')', ..] => {
                self.flags = self.outer.pop().unwrap_or(self.flags);
                self.copy(1);
            }
            [b'$', ..] if !self.flags.multiline => self.emit("\\z", 1),
            [b'{', ..] => match quantifier(self.rest()) {
                Some(length) => self.copy(length),
                None => self.emit("\\{", 1),
            },
            [b'#', ..] if self.flags.extended => {
                let length = memchr::memchr(b'\n', self.rest()).map_or(self.rest().len(), |end| end + 1);
                self.emit("\n", length);
            }
            _ => self.copy(1),
        }
    }

    /// Inside or outside of a class.
    fn escape(&mut self) {
        match self.rest() {
            [b'\\', b'Q', quoted @ ..] => {
                let length = memchr::memmem::find(quoted, b"\\E").unwrap_or(quoted.len());
                if quoted[..length].is_ascii() {
                    return self.copy(length + 4);
                }
                self.at += 2;
                for _ in 0..length {
                    let byte = self.source[self.at];
                    self.emit(&format!("\\x{byte:02x}"), 1);
                }
                self.at = (self.at + 2).min(self.source.len());
            }
            [b'\\', b'c', ..] => self.copy(3),
            [b'\\', b'x' | b'o' | b'g' | b'k' | b'p' | b'P' | b'N', b'{', rest @ ..] => {
                let length = memchr::memchr(b'}', rest).map_or(3, |end| end + 4);
                self.copy(length);
            }
            // The escape of such a byte is the byte, which is written as an escape anyway.
            [b'\\', 0x80..=0xff, ..] => {
                self.at += 1;
                self.copy(1);
            }
            _ => self.copy(2),
        }
    }

    fn class(&mut self) {
        self.copy(1);
        // Empty quotations do not count for what comes first.
        let mut negated = false;
        loop {
            match self.rest() {
                [b'\\', b'E', ..] => self.copy(2),
                [b'\\', b'Q', b'\\', b'E', ..] => self.copy(4),
                [b'^', ..] if !negated => {
                    negated = true;
                    self.copy(1);
                }
                _ => break,
            }
        }
        if self.rest().starts_with(b"]") {
            self.copy(1);
        }
        loop {
            match self.rest() {
                [] => return,
                [b']', ..] => return self.copy(1),
                [b'\\', ..] => self.escape(),
                [b'[', b':' | b'.' | b'=', rest @ ..] => {
                    let terminator = [self.rest()[1], b']'];
                    let name = rest.iter().take_while(|byte| !matches!(byte, b']' | b'\\' | b'[')).count();
                    let named = name > 0 && rest[name - 1..].starts_with(&terminator);
                    self.copy(if named { name + 3 } else { 1 });
                }
                _ => self.copy(1),
            }
        }
    }

    /// An opening parenthesis: keeps the flags for its end, or changes them.
    fn group(&mut self) {
        let around = self.flags;
        let letters = match self.rest() {
            [b'(', b'?', rest @ ..] => {
                let letters =
                    rest.iter().take_while(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'^'));
                &rest[..letters.count()]
            }
            _ => &[],
        };
        let end = self.rest().get(2 + letters.len()).copied();
        let sets_options = self.rest().starts_with(b"(?")
            && matches!(end, Some(b')' | b':'))
            && letters.iter().all(|letter| b"imsxnJUaDSWPTr-^".contains(letter));
        if !sets_options {
            self.outer.push(around);
            return self.copy(1);
        }
        let letters = letters.to_vec();
        let mut on = true;
        for letter in &letters {
            match letter {
                b'-' => on = false,
                b'^' => self.flags = Flags { multiline: false, extended: false },
                b'm' => self.flags.multiline = on,
                b'x' => self.flags.extended = on,
                _ => {}
            }
        }
        self.copy(2 + letters.len());
        if end == Some(b':') {
            self.outer.push(around);
        }
        // Skips the `)` of a setting too: it closes no group.
        self.copy(1);
    }
}

/// The length of a quantifier of 10.42 at the start of `text`.
fn quantifier(text: &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'}', text)?;
    let inner = &text[1..end];
    let digits = inner.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = &inner[digits..];
    let valid =
        digits > 0 && (rest.is_empty() || rest[0] == b',' && rest[1..].iter().all(u8::is_ascii_digit));
    valid.then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewrites() {
        for (source, expected) in [
            ("a$", "a\\z"),
            ("(?m)a$", "(?m)a$"),
            ("(?m:a$)b$", "(?m:a$)b\\z"),
            ("((?m)a$|b$)c$", "((?m)a$|b$)c\\z"),
            ("(?m)(?-m:a$)(?^:b$)c$", "(?m)(?-m:a\\z)(?^:b\\z)c$"),
            ("\\$[$][^]$]$", "\\$[$][^]$]\\z"),
            ("[^\\E]$]$", "[^\\E]$]\\z"),
            ("[\\Q\\E^\\E]$]$", "[\\Q\\E^\\E]$]\\z"),
            ("(\\Q\\E?|[.\\Qa]\\E.]$)", "(\\Q\\E?|[.\\Qa]\\E.]\\z)"),
            ("[[:alpha:]$]$", "[[:alpha:]$]\\z"),
            ("[[:alpha$]$", "[[:alpha$]\\z"),
            ("\\Q$.\\E$", "\\Q$.\\E\\z"),
            ("\\Q$.", "\\Q$."),
            ("(?#$)$", "(?#)\\z"),
            ("(?x)a # $\n$", "(?x)a \n\\z"),
            ("a{,3}b{ 2}c{2}{3,}{4,5}{", "a\\{,3}b\\{ 2}c{2}{3,}{4,5}\\{"),
            ("\\x{24}\\g{1}$", "\\x{24}\\g{1}\\z"),
            ("(?=a$)(?<=b)(?<n>c$)", "(?=a\\z)(?<=b)(?<n>c\\z)"),
        ] {
            assert_eq!(rewrite(source.as_bytes(), Options::default()).text, expected, "{source}");
        }
        assert_eq!(rewrite(b"\\Q$\xe9\\E$", Options::default()).text, "\\x24\\xe9\\z");
        assert_eq!(rewrite(b"\xe9[\xe9]\\\xe9", Options::default()).text, "\\xe9[\\xe9]\\xe9");
    }

    #[test]
    fn maps_offsets_back() {
        let rewritten = rewrite(b"$$(a", Options::default());
        assert_eq!(rewritten.text, "\\z\\z(a");
        assert_eq!(rewritten.source_offset(6, 4), 4);
        assert_eq!(rewritten.source_offset(4, 4), 2);
    }
}
