//! The content syntax of `@pm`, `@pmFromFile`, `@strmatch` and `@rsub`: `a|62 63|\:d` is `abc:d`.
//!
//! `|` switches hexadecimal mode on and off; there, pairs of digits become bytes and everything else is skipped. Outside,
//! a backslash may stand before `:`, `;`, `\` and `"` only. Text in double quotes loses them. Two oddities are
//! ModSecurity's own: it converts in place and, when nothing was converted, keeps the old length (`||` is two bars, and
//! `a|zz|b` is `abzz|b`), and a NUL byte ends the text. The callers decide what a failure means. Reference Manual: `pm`.

/// Why a text has no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentError {
    /// Nothing is left after blanks and quotes.
    Empty,
    /// A backslash before a byte that needs none.
    Escape,
}

impl ContentError {
    /// ModSecurity's text.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Empty => "Content length is 0.",
            Self::Escape => "Unsupported escape sequence.",
        }
    }
}

/// Reads the content of an argument.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<u8>, ContentError> {
    let text = unquoted(text);
    if text.is_empty() {
        return Err(ContentError::Empty);
    }
    let mut content = convert(text)?;
    if let Some(end) = memchr::memchr(0, &content) {
        content.truncate(end);
    }
    Ok(content)
}

/// Drops leading blanks, then one pair of quotes around all the rest (a lone quote counts as both).
fn unquoted(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | 0x09..=0x0d)).count();
    match &text[blanks..] {
        [b'"'] => &[],
        [b'"', inner @ .., b'"'] => inner,
        other => other,
    }
}

/// The text with hexadecimal and escapes converted.
fn convert(text: &[u8]) -> Result<Vec<u8>, ContentError> {
    let mut out = Vec::with_capacity(text.len());
    let (mut hexadecimal, mut escaped, mut converted) = (false, false, false);
    let mut pending = None;
    for &byte in text {
        match byte {
            b'|' => hexadecimal = !hexadecimal,
            b'\\' if !escaped => escaped = true,
            _ if hexadecimal => {
                let Some(digit) = char::from(byte).to_digit(16) else { continue };
                match pending.take() {
                    None => pending = Some(digit),
                    Some(high) => {
                        // Two hexadecimal digits are at most 255.
                        out.push((high * 16 + digit) as u8);
                        converted = true;
                    }
                }
            }
            b':' | b';' | b'\\' | b'"' if escaped => {
                out.push(byte);
                escaped = false;
                converted = true;
            }
            _ if escaped => return Err(ContentError::Escape),
            _ => out.push(byte),
        }
    }
    if !converted {
        // What was copied lies over the start of the text, whose rest is still there.
        out.extend_from_slice(&text[out.len()..]);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_the_reference_does() {
        type Expected = Result<&'static [u8], ContentError>;
        let cases: &[(&[u8], Expected)] = &[
            (b"abc", Ok(b"abc")),
            (b" \tab ", Ok(b"ab ")),
            (b"\"a b\"", Ok(b"a b")),
            (b"\"ab\" ", Ok(b"\"ab\" ")),
            (b"\"", Err(ContentError::Empty)),
            (b"\"\"", Err(ContentError::Empty)),
            (b"", Err(ContentError::Empty)),
            (b"a|62|c", Ok(b"abc")),
            (b"a|6g2|c", Ok(b"abc")),
            (b"|4 1|", Ok(b"A")),
            (b"a|62", Ok(b"ab")),
            (b"a|6|2c", Ok(b"a2c|2c")),
            (b"a|zz|b", Ok(b"abzz|b")),
            (b"||6 ", Ok(b"6 6 ")),
            (b"||", Ok(b"||")),
            (b"a|00|b", Ok(b"a")),
            (b"a|3a|\\:b", Ok(b"a::b")),
            (b"a\\\\b", Ok(b"a\\b")),
            (b"a\\|b", Ok(b"a\\|b")),
            (b"a\\|62|c", Err(ContentError::Escape)),
            (b"a|6\\2|c", Err(ContentError::Escape)),
            (b"a\\qb", Err(ContentError::Escape)),
        ];
        for (text, content) in cases {
            assert_eq!(parse(text).as_deref(), content.as_deref(), "{:?}", text.escape_ascii().to_string());
        }
    }
}
