//! Bytes that clients sent, as text that loses nothing.
//!
//! `b"caf\xc3\xa9\0\\"` → `café\x00\\`. Records hold arbitrary bytes, JSON and pages hold text: what is printable UTF-8 stays
//! as it is, a backslash is doubled, every other byte becomes `\xHH`. Controls and characters that change the direction of
//! text are written out, so what is shown is what was sent. Reading gives the same bytes back. Formats that are not for
//! people (the store's) hold the bytes themselves.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// See the module.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String")]
pub struct Bytes(Vec<u8>);

impl Bytes {
    /// The bytes themselves.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes of a text in the written form; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((first, tail)) = rest.split_first() {
            rest = match (first, tail) {
                (b'\\', [b'\\', after @ ..]) => {
                    out.push(b'\\');
                    after
                }
                (b'\\', [b'x', high, low, after @ ..]) => {
                    let digit = |byte: &u8| char::from(*byte).to_digit(16);
                    out.push(u8::try_from(digit(high)? << 4 | digit(low)?).ok()?);
                    after
                }
                (b'\\', _) => return None,
                (byte, after) => {
                    out.push(*byte);
                    after
                }
            };
        }
        Some(Self(out))
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |f: &mut fmt::Formatter<'_>, bytes: &[u8]| {
            bytes.iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))
        };
        for chunk in self.0.utf8_chunks() {
            let mut rest = chunk.valid();
            // What stays as it is goes in one piece up to the next character that does not.
            while let Some((at, c)) = rest.char_indices().find(|(_, c)| *c == '\\' || is_hidden(*c)) {
                f.write_str(rest.get(..at).unwrap_or_default())?;
                match c {
                    '\\' => f.write_str("\\\\")?,
                    c => hex(f, c.encode_utf8(&mut [0; 4]).as_bytes())?,
                }
                rest = rest.get(at + c.len_utf8()..).unwrap_or_default();
            }
            f.write_str(rest)?;
            hex(f, chunk.invalid())?;
        }
        Ok(())
    }
}

/// Controls, and characters that show nothing or turn the text around.
fn is_hidden(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return deserializer.deserialize_byte_buf(Raw);
        }
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("a backslash that begins no escape"))
    }
}

/// Reads the bytes of a format that is not for people.
struct Raw;

impl de::Visitor<'_> for Raw {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes::from(bytes))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(Bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::Bytes;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_be_printed_is_written_out() {
        let shown = |bytes: &[u8]| Bytes::from(bytes).to_string();
        assert_eq!(shown(b"caf\xc3\xa9\0\\"), "café\\x00\\\\");
        assert_eq!(shown(b"\xff\n"), "\\xff\\x0a");
        assert_eq!(shown("a\u{202e}b".as_bytes()), "a\\xe2\\x80\\xaeb");
    }

    proptest! {
        #[test]
        fn reading_gives_the_same_bytes_back(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let written = Bytes::from(bytes.as_slice()).to_string();
            prop_assert_eq!(Bytes::parse(&written).map(|read| read.0), Some(bytes.clone()));
            let stored = postcard::to_stdvec(&Bytes::from(bytes.as_slice())).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Bytes>(&stored).unwrap().0, bytes);
        }
    }
}
