//! The states of the HTML tokenizer behind `<!`, `<?` and `<%`.
//!
//! `<!--[if IE]-->` → comment `[if IE]`; `<!DOCTYPE html>` → document type; `<![CDATA[x]]>` → text `x`.
//! Called by `tokenizer` with the cursor behind the mark. What does not end takes the rest of the input.

use memchr::{memchr, memmem};

use super::tokenizer::{Kind, State, Step, Tokens};

impl<'a> Tokens<'a> {
    pub(super) fn declaration(&mut self) -> Step<'a> {
        let rest = self.rest();
        if rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"DOCTYPE")) {
            return self.until(Kind::Doctype, b">");
        }
        if rest.starts_with(b"[CDATA[") {
            self.at += 7;
            return self.until(Kind::Text, b"]]>");
        }
        if rest.starts_with(b"--") {
            self.at += 2;
            return self.comment();
        }
        self.comment_to(b">")
    }

    pub(super) fn comment_to(&mut self, end: &[u8]) -> Step<'a> {
        self.until(Kind::Comment, end)
    }

    /// A token that runs to `end`, which is consumed too.
    fn until(&mut self, kind: Kind, end: &[u8]) -> Step<'a> {
        let rest = self.rest();
        match memmem::find(rest, end) {
            Some(len) => self.emit(kind, len, end.len(), State::Text),
            None => self.emit(kind, rest.len(), 0, State::End),
        }
    }

    /// A comment ends with `-->` or `-!>`; NULs may stand behind the first dash. Linear: each NUL is looked at for the one dash
    /// before its run.
    fn comment(&mut self) -> Step<'a> {
        let rest = self.rest();
        let mut from = 0;
        while let Some(found) = memchr(b'-', rest.get(from..).unwrap_or_default()) {
            let dash = from + found;
            let behind = rest.get(dash + 1..).unwrap_or_default();
            let nulls = behind.iter().take_while(|&&byte| byte == 0).count();
            if let Some([b'-' | b'!', b'>', ..]) = behind.get(nulls..) {
                return self.emit(Kind::Comment, dash, nulls + 3, State::Text);
            }
            from = dash + 1;
        }
        self.emit(Kind::Comment, rest.len(), 0, State::End)
    }
}
