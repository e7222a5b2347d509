//! The alphabet of RFC 4648 base64 in both directions.
//!
//! `Z` is 25 and 25 is `Z`. The three base64 transformations use it; what they do with other bytes and with padding is
//! their own matter, because there they differ.

/// The characters by value.
pub(crate) const CHARACTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const VALUES: [Option<u8>; 256] = {
    let mut values = [None; 256];
    let mut value = 0;
    while value < 64 {
        values[CHARACTERS[value as usize] as usize] = Some(value);
        value += 1;
    }
    values
};

/// The six bits a character stands for; `None` outside the alphabet.
pub(crate) const fn value_of(character: u8) -> Option<u8> {
    VALUES[character as usize]
}

/// Collects six-bit values and gives out whole bytes.
#[derive(Default)]
pub(crate) struct Bits {
    held: u16,
    count: u8,
}

impl Bits {
    /// Takes six bits; gives the next byte when eight are there.
    pub(crate) fn push(&mut self, value: u8) -> Option<u8> {
        self.held = self.held << 6 | u16::from(value);
        self.count += 6;
        if self.count < 8 {
            return None;
        }
        self.count -= 8;
        // The cast keeps the eight bits above the ones that stay.
        Some((self.held >> self.count) as u8)
    }
}
