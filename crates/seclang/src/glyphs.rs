//! Configuration bytes as text that is safe to print, with the columns it takes.
//!
//! The bytes `a⇥\xff\x1b` → `a    \xff\x1b`, 13 columns. [`mod@crate::render`] draws source lines with it and puts carets under
//! them by asking for the column of a byte.
//!
//! A tab becomes four blanks. Control bytes, bytes that are not UTF-8, and characters that are invisible or change the
//! direction of text become escapes: a terminal must never obey what a rule file holds. Wide characters take two columns.

use unicode_width::UnicodeWidthChar;

/// One printed unit: the bytes it stands for, its text and columns.
struct Glyph {
    /// Offset of its first byte in the line.
    at: usize,
    /// First column.
    column: usize,
    text: String,
}

/// A line ready to print.
pub(crate) struct Glyphs {
    glyphs: Vec<Glyph>,
    bytes: usize,
    columns: usize,
}

impl Glyphs {
    /// Prepares the bytes of `line`.
    pub(crate) fn new(line: &[u8]) -> Self {
        let mut this = Glyphs { glyphs: Vec::new(), bytes: line.len(), columns: 0 };
        let mut at = 0;
        for chunk in line.utf8_chunks() {
            for character in chunk.valid().chars() {
                this.push(at, shown(character));
                at += character.len_utf8();
            }
            for byte in chunk.invalid() {
                this.push(at, (format!("\\x{byte:02x}"), 4));
                at += 1;
            }
        }
        this
    }

    fn push(&mut self, at: usize, (text, width): (String, usize)) {
        self.glyphs.push(Glyph { at, column: self.columns, text });
        self.columns += width;
    }

    /// The column of the glyph that a byte belongs to; behind the line, one column per byte.
    pub(crate) fn column(&self, byte: usize) -> usize {
        if byte >= self.bytes {
            return self.columns + (byte - self.bytes).min(1);
        }
        let glyph = self.glyphs.partition_point(|glyph| glyph.at <= byte).saturating_sub(1);
        self.glyphs.get(glyph).map_or(0, |glyph| glyph.column)
    }

    /// The column behind the glyph that the byte before `byte` belongs to.
    pub(crate) fn column_end(&self, byte: usize) -> usize {
        let glyph = self.glyphs.partition_point(|glyph| glyph.at < byte);
        self.glyphs.get(glyph).map_or(self.columns, |glyph| glyph.column)
    }

    /// Columns of the whole line.
    pub(crate) fn width(&self) -> usize {
        self.columns
    }

    /// The glyphs that lie in columns `from..to`, and the column of the first.
    pub(crate) fn cut(&self, from: usize, to: usize) -> (usize, String) {
        let mut inside = self.glyphs.iter().enumerate().filter(|(i, glyph)| {
            let end = self.glyphs.get(i + 1).map_or(self.columns, |next| next.column);
            glyph.column >= from && end <= to
        });
        let Some((_, first)) = inside.next() else { return (from, String::new()) };
        let mut text = first.text.clone();
        text.extend(inside.map(|(_, glyph)| glyph.text.as_str()));
        (first.column, text)
    }
}

/// Text and columns of a character.
fn shown(character: char) -> (String, usize) {
    match character {
        '\t' => (" ".repeat(4), 4),
        _ if is_unsafe(character) => {
            let text = if character.is_ascii() {
                format!("\\x{:02x}", character as u32)
            } else {
                format!("\\u{{{:x}}}", character as u32)
            };
            let width = text.len();
            (text, width)
        }
        _ => (character.to_string(), character.width().unwrap_or(1)),
    }
}

/// Controls, and what is invisible or reorders its surroundings.
fn is_unsafe(character: char) -> bool {
    let invisible = matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    character.is_control() || invisible
}

/// Text of a message made safe for a terminal: messages quote names from files.
pub(crate) fn safe(text: &str) -> String {
    text.chars()
        .map(|character| if is_unsafe(character) { shown(character).0 } else { character.to_string() })
        .collect()
}
