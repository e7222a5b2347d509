//! Characters of an attribute value, numeric references decoded: `&#x4A;&#97;v` → `J`, `a`, `v`.
//!
//! Used by `urls`, because browsers decode references before they look at a URL's scheme. Named references stay as written:
//! none of them stands for a letter. A reference that is too large or has no digit is a plain `&`.

/// Iterator over the characters as numbers.
#[derive(Clone, Debug)]
pub(super) struct Characters<'a> {
    rest: &'a [u8],
}

/// The largest number that a reference may have.
const LARGEST: u32 = 0x10_00ff;

pub(super) fn characters(value: &[u8]) -> Characters<'_> {
    Characters { rest: value }
}

impl Iterator for Characters<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (&first, rest) = self.rest.split_first()?;
        if first == b'&'
            && let Some((character, rest)) = reference(rest)
        {
            self.rest = rest;
            return Some(character);
        }
        self.rest = rest;
        Some(u32::from(first))
    }
}

/// The character that a reference stands for, and what follows it; `text` begins behind the `&`.
fn reference(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.strip_prefix(b"#")?;
    let (radix, digits) = match digits {
        [b'x' | b'X', digits @ ..] => (16, digits),
        _ => (10, digits),
    };
    let mut value = 0;
    let mut rest = digits;
    while let Some((&byte, behind)) = rest.split_first()
        && let Some(digit) = char::from(byte).to_digit(radix)
    {
        value = value * radix + digit;
        if value > LARGEST {
            return None;
        }
        rest = behind;
    }
    if rest.len() == digits.len() {
        return None;
    }
    Some((value, rest.strip_prefix(b";").unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &[u32]) {
        assert_eq!(characters(value.as_bytes()).collect::<Vec<_>>(), expected, "{value}");
    }

    #[test]
    fn decodes_numbers_only() {
        check("a&b", &[97, 38, 98]);
        check("&#65;&#x41;&#X41", &[65, 65, 65]);
        check("&#65B&#00065;", &[65, 66, 65]);
        check("&#", &[38, 35]);
        check("&#;", &[38, 35, 59]);
        check("&#x;", &[38, 35, 120, 59]);
        check("&#x1000FF;", &[0x10_00ff]);
        check("&#x100100;", &[38, 35, 120, 49, 48, 48, 49, 48, 48, 59]);
        check("&#99999999999999;", &b"&#99999999999999;".map(u32::from));
        check("&lt;", &[38, 108, 116, 59]);
    }
}
