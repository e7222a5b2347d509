//! The map of `SecUnicodeMapFile`: which byte a code point beyond the page stands for on a best-fit code page.
//!
//! With the lines `20127 (US-ASCII)` and `00e9:65 ff1c:3c`, page 20127 maps U+00E9 to `e` and U+FF1C to `<`; then
//! `urlDecodeUni` makes `e` of `%u00e9`. The compiler parses the file once. A page's items may stand on the lines of a
//! later page when it has none itself, as in ModSecurity, which only looks at the order of the words.
//! An item that is not `HHHH:HH` is an error here, where ModSecurity would take a meaningless number.
//! Reference Manual: `SecUnicodeMapFile`.

use std::fmt;

/// Code points and the bytes they stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnicodeMap {
    /// Sorted by code point, each at most once.
    entries: Vec<(u16, u8)>,
}

/// Why a map file was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnicodeMapError {
    /// The line, counted from 1; for a missing code page the last one.
    pub line: usize,
    /// What is wrong.
    pub kind: UnicodeMapErrorKind,
}

/// What is wrong with a map file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnicodeMapErrorKind {
    /// The word is not four hexadecimal digits, a colon and two hexadecimal digits.
    Item(String),
    /// No word of the file is the number of the code page.
    NoCodePage(u32),
    /// The code page is named, but no item follows.
    NoItems(u32),
}

impl fmt::Display for UnicodeMapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.kind {
            UnicodeMapErrorKind::Item(word) => write!(f, "`{word}` is not an item such as `00e9:65`"),
            UnicodeMapErrorKind::NoCodePage(page) => write!(f, "the file does not name code page {page}"),
            UnicodeMapErrorKind::NoItems(page) => write!(f, "code page {page} has no items"),
        }
    }
}

impl std::error::Error for UnicodeMapError {}

impl UnicodeMap {
    /// Reads the items of one code page from the text of a map file.
    ///
    /// # Errors
    /// When the page is missing or empty, or one of its items is malformed. Other pages are not looked at.
    pub fn parse(text: &[u8], code_page: u32) -> Result<Self, UnicodeMapError> {
        let page = code_page.to_string();
        let lines = text.split(|&byte| byte == b'\n').enumerate();
        let is_gap = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
        let mut words = lines
            .flat_map(|(index, line)| line.split(is_gap).map(move |word| (index + 1, word)))
            .filter(|(_, word)| !word.is_empty());

        let last = text.split(|&byte| byte == b'\n').count();
        let missing = UnicodeMapError { line: last, kind: UnicodeMapErrorKind::NoCodePage(code_page) };
        let (page_line, _) = words.find(|(_, word)| *word == page.as_bytes()).ok_or(missing)?;

        let mut entries = Vec::new();
        for (line, word) in words.skip_while(|(_, word)| !word.contains(&b':')) {
            if !word.contains(&b':') {
                break;
            }
            let malformed = || UnicodeMapErrorKind::Item(String::from_utf8_lossy(word).into_owned());
            entries.push(item(word).ok_or_else(|| UnicodeMapError { line, kind: malformed() })?);
        }
        if entries.is_empty() {
            return Err(UnicodeMapError { line: page_line, kind: UnicodeMapErrorKind::NoItems(code_page) });
        }
        Ok(Self { entries: last_wins(entries) })
    }

    /// The byte a code point stands for, when the map has it.
    #[must_use]
    pub fn lookup(&self, code_point: u32) -> Option<u8> {
        let wanted = u16::try_from(code_point).ok()?;
        let index = self.entries.binary_search_by_key(&wanted, |&(code, _)| code).ok()?;
        self.entries.get(index).map(|&(_, byte)| byte)
    }
}

fn item(word: &[u8]) -> Option<(u16, u8)> {
    let (code, byte) = std::str::from_utf8(word).ok()?.split_once(':')?;
    let is_hex = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if code.len() != 4 || byte.len() != 2 || !is_hex(code) || !is_hex(byte) {
        return None;
    }
    Some((u16::from_str_radix(code, 16).ok()?, u8::from_str_radix(byte, 16).ok()?))
}

/// Sorts by code point; of several items for one code point the last in the file stays.
fn last_wins(mut entries: Vec<(u16, u8)>) -> Vec<(u16, u8)> {
    entries.reverse();
    entries.sort_by_key(|&(code, _)| code);
    entries.dedup_by_key(|&mut (code, _)| code);
    entries
}

#[cfg(test)]
mod tests {
    use super::{UnicodeMap, UnicodeMapErrorKind};

    const TEXT: &[u8] = b"10000 (MAC - Roman)\r\n\r\n1250  (ANSI - Central)\r\n00a1:21 00e9:61\r\n00e9:65 ff1c:3c\r\n20127 (US-ASCII)\r\n00e9:zz\r\n7 (x)\r\n";

    fn error(page: u32) -> (usize, UnicodeMapErrorKind) {
        let error = UnicodeMap::parse(TEXT, page).unwrap_err();
        assert!(error.to_string().starts_with(&format!("line {}: ", error.line)));
        (error.line, error.kind)
    }

    #[test]
    fn reads_one_page() {
        for page in [1250, 10000] {
            let map = UnicodeMap::parse(TEXT, page).unwrap();
            assert_eq!((map.lookup(0xe9), map.lookup(0xff1c)), (Some(b'e'), Some(b'<')));
            assert_eq!((map.lookup(0xea), map.lookup(0x100e9)), (None, None));
        }
    }

    #[test]
    fn says_where_it_is_wrong() {
        assert_eq!(error(20127), (7, UnicodeMapErrorKind::Item("00e9:zz".into())));
        assert_eq!(error(7), (8, UnicodeMapErrorKind::NoItems(7)));
        assert_eq!(error(9), (9, UnicodeMapErrorKind::NoCodePage(9)));
    }
}
