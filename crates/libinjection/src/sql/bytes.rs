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

/// A value of only these bytes is never an attack; bit `n` of word `n / 64` stands for byte `n`: ASCII letters and digits, `_`, and
/// bytes outside ASCII but 0xA0, which is white space.
///
/// Such a value that begins with another byte than a digit is one word, and one token is no attack unless it is a comment.
/// Else at most two tokens that are numbers or barewords (`0b1`, `23`, `4e`, `0x`) come first and one word may follow. That makes
/// fingerprints of two or three letters. Of two letters, lists have only `1U` in reach, which is harmless when nothing was folded
/// away; of three letters, none whose first two are numbers or barewords. Nothing here folds: no rule applies to a number or
/// bareword with another, nor with a word behind it, and no phrase begins with a digit.
pub const HARMLESS_BYTES: [u64; 4] = [0x03ff << 48, 0x07ff_fffe_87ff_fffe, !(1 << (0xa0 - 128)), !0];

/// Whether all bytes are of [`HARMLESS_BYTES`].
pub(super) fn are_harmless(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| HARMLESS_BYTES[usize::from(byte / 64)] >> (byte % 64) & 1 == 1)
}

/// White space after `--` or after a number's suffix letter (not the same set as [`Class::White`]).
pub(super) const fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | b'\t'..=b'\r' | b' ' | 0xa0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_bytes_are_those_said() {
        for byte in 0..=255_u8 {
            let expected = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 && byte != 0xa0;
            assert_eq!(are_harmless(&[byte]), expected, "{byte}");
            // What the proof needs of each byte: it continues a word.
            assert!(!expected || ENDS[usize::from(byte)] & (WORD | SPLITS) == 0);
        }
    }
}
