//! Characters of XML 1.0 (fifth edition) by class.
//!
//! `forbidden("a\u{1}")` is `Some(1)`; `name_length("a:b c")` is 3. The parser asks once per document for the first
//! character that XML does not allow anywhere, and for the length of each name it meets. Names are judged as libxml
//! does without its `OLD10` option: colons are ordinary, and one name holds at most 50,000 bytes.

/// The longest name libxml reads.
const NAME_LIMIT: usize = 50_000;

/// Blank, tab, carriage return or line feed: the only white space of XML.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether XML allows a character with this number, written as itself or as a reference.
pub(super) fn is_char(number: u32) -> bool {
    matches!(number, 0x9 | 0xA | 0xD | 0x20..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF)
}

/// Where the first character stands that no XML document holds.
pub(super) fn forbidden(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let control = bytes.iter().position(|&byte| byte < 0x20 && !is_blank(byte));
    let checked = bytes.get(..control.unwrap_or(bytes.len())).unwrap_or(bytes);
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF; surrogates do not occur in a `str`.
    memchr::memmem::find_iter(checked, b"\xEF\xBF")
        .find(|&at| checked.get(at + 2).is_some_and(|&last| last >= 0xBE))
        .or(control)
}

/// The length of the name at the start of `text`; 0 when there is none or it is too long.
pub(super) fn name_length(text: &str) -> usize {
    token_length(text, true)
}

/// The length of the name token (which may begin with a digit) at the start of `text`.
pub(super) fn nmtoken_length(text: &str) -> usize {
    token_length(text, false)
}

fn token_length(text: &str, start: bool) -> usize {
    if start && !text.chars().next().is_some_and(is_name_start) {
        return 0;
    }
    let ascii = text.bytes().take_while(|&byte| is_ascii_name(byte)).count();
    let length = match text.as_bytes().get(ascii) {
        Some(0x80..) => text.find(|c| !is_name(c)).unwrap_or(text.len()),
        _ => ascii,
    };
    if length <= NAME_LIMIT { length } else { 0 }
}

fn is_ascii_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-' | b'.')
}

fn is_name_start(c: char) -> bool {
    match c {
        'A'..='Z' | 'a'..='z' | '_' | ':' => true,
        '\0'..='\x7F' => false,
        '\u{C0}'..='\u{2FF}' => !matches!(c, '\u{D7}' | '\u{F7}'),
        '\u{370}'..='\u{1FFF}' => c != '\u{37E}',
        _ => matches!(
            c,
            '\u{200C}'..='\u{200D}'
                | '\u{2070}'..='\u{218F}'
                | '\u{2C00}'..='\u{2FEF}'
                | '\u{3001}'..='\u{D7FF}'
                | '\u{F900}'..='\u{FDCF}'
                | '\u{FDF0}'..='\u{FFFD}'
                | '\u{10000}'..='\u{EFFFF}'
        ),
    }
}

fn is_name(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_where_the_grammar_says() {
        for (text, length) in [
            ("a:b c", 3),
            ("-a", 0),
            ("1", 0),
            ("é·x<", 5),
            ("·", 0),
            ("a\u{20AC}", 4),
            ("a\u{37E}", 1),
            ("", 0),
        ] {
            assert_eq!(name_length(text), length, "{text:?}");
        }
        assert_eq!(nmtoken_length("1-x|"), 3);
        assert_eq!(name_length(&"n".repeat(50_000)), 50_000);
        assert_eq!(name_length(&"n".repeat(50_001)), 0);
    }

    #[test]
    fn the_first_forbidden_character_is_found() {
        for (text, at) in
            [("a\tb", None), ("a\u{1}", Some(1)), ("é\u{FFFF}\0", Some(2)), ("\u{FFFD}\u{7F}", None)]
        {
            assert_eq!(forbidden(text), at, "{text:?}");
        }
    }
}
