//! URLs that run script: `javascript:…`, `data:…`, `vbscript:…`, `view-source:…`.
//!
//! ` &#106;ava\nscript:x` runs, `/java` does not. Asked by `verdict` for the values of attributes that take a URL.
//! Only the beginning is compared, so `javanese.html` counts as well; a colon is not waited for.

use super::characters::characters;

/// Beginnings of schemes, in upper case.
const SCHEMES: [&[u8]; 4] = [b"DATA", b"VIEW-SOURCE", b"JAVA", b"VBSCRIPT"];

pub(super) fn runs_script(value: &[u8]) -> bool {
    // Old browsers skipped bytes outside ASCII here too, some of which are white space in Unicode.
    let start = value.iter().position(|&byte| matches!(byte, 33..=126)).unwrap_or(value.len());
    let url = value.get(start..).unwrap_or_default();
    SCHEMES.iter().any(|scheme| starts_with(url, scheme))
}

/// Whether `url` begins with `scheme`, which is in upper case. Leading controls and blanks are skipped, NUL and line feed
/// everywhere. Only the low byte of a character counts, as in the C library.
fn starts_with(url: &[u8], scheme: &[u8]) -> bool {
    let mut characters = characters(url).skip_while(|&character| character <= 32);
    let mut kept = characters.by_ref().filter(|&character| character != 0 && character != 10).map(upper);
    scheme.iter().all(|&letter| kept.next() == Some(letter))
}

fn upper(character: u32) -> u8 {
    match character {
        0x61..=0x7a => character as u8 - 0x20,
        _ => character as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_schemes_in_disguise() {
        for url in [
            "javascript:x",
            "\u{1}\u{a0} JaVa",
            "&#106;&#x61;va",
            "da\nt&#0;a:",
            "&#32;&#9;vbscript",
            "&#x144;ATA",
        ] {
            assert!(runs_script(url.as_bytes()), "{url}");
        }
        for url in ["", "jav", "ja va", "/javascript:", "&#x1000000;data", "http://x", "view-sourc"] {
            assert!(!runs_script(url.as_bytes()), "{url}");
        }
    }
}
