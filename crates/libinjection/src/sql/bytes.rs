//! Byte classes: which scanner a byte starts, and which bytes end a word or a variable name.
//!
//! `b'-'` is [`Class::Dash`] and ends words. The tokenizer dispatches on [`CLASS`], scanners run to a byte of [`ENDS`].
//! One table look-up per byte is the whole cost.
//! The C library tests set membership with `strchr`, for which the terminating NUL is a member of every set;
//! so NUL ends every name and continues every run of digits, and the sets here say so explicitly.

/// The scanner that a byte starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Class {
    White,
    Word,
    Number,
    Quote,
    Tick,
    Operator,
    OperatorPair,
    Punctuation,
    Dash,
    Slash,
    Hash,
    Money,
    Variable,
    Bracket,
    Backslash,
    Unknown,
    BinaryOrWord,
    EscapedOrWord,
    NationalOrWord,
    OracleOrWord,
    UnicodeOrWord,
    HexOrWord,
}

const fn class(byte: u8) -> Class {
    match byte {
        0..=32 | 127 | 160 => Class::White,
        b'"' | b'\'' => Class::Quote,
        b'`' => Class::Tick,
        b'0'..=b'9' | b'.' => Class::Number,
        b'!' | b'&' | b'*' | b':' | b'<' | b'=' | b'>' | b'|' => Class::OperatorPair,
        b'%' | b'+' | b'^' | b'~' => Class::Operator,
        b'(' | b')' | b'{' | b'}' | b',' | b';' => Class::Punctuation,
        b'-' => Class::Dash,
        b'/' => Class::Slash,
        b'#' => Class::Hash,
        b'$' => Class::Money,
        b'@' => Class::Variable,
        b'[' => Class::Bracket,
        b'\\' => Class::Backslash,
        b'?' | b']' => Class::Unknown,
        b'B' | b'b' => Class::BinaryOrWord,
        b'E' | b'e' => Class::EscapedOrWord,
        b'N' | b'n' => Class::NationalOrWord,
        b'Q' | b'q' => Class::OracleOrWord,
        b'U' | b'u' => Class::UnicodeOrWord,
        b'X' | b'x' => Class::HexOrWord,
        _ => Class::Word,
    }
}

/// The class of every byte.
pub(super) static CLASS: [Class; 256] = {
    let mut table = [Class::Word; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = class(byte as u8);
        byte += 1;
    }
    table
};

/// In [`ENDS`]: the byte ends a word.
pub(super) const WORD: u8 = 1;
/// In [`ENDS`]: the byte ends the name of a variable.
pub(super) const VARIABLE: u8 = 2;
/// In [`ENDS`]: a keyword may stop before this byte inside a word (`select.1`).
pub(super) const SPLITS: u8 = 4;

/// What each byte ends, as bits.
pub(super) static ENDS: [u8; 256] = {
    let mut table = [0; 256];
    mark(&mut table, b"\0\t\n\x0b\x0c\r !\"#%&'()*+,-/:;<=>?@\\^|~", WORD | VARIABLE);
    mark(&mut table, b"[]{}\xa0", WORD);
    mark(&mut table, b"`", VARIABLE);
    mark(&mut table, b".`", SPLITS);
    table
};

const fn mark(table: &mut [u8; 256], members: &[u8], bits: u8) {
    let mut next = 0;
    while next < members.len() {
        table[members[next] as usize] |= bits;
        next += 1;
    }
}

/// White space after `--` or after a number's suffix letter (not the same set as [`Class::White`]).
pub(super) const fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | b'\t'..=b'\r' | b' ' | 0xa0)
}
