//! Names of tags and attributes that can run script.
//!
//! `script` and `sCr\0iPt` are dangerous tags, `onclick` an event handler, `href` takes a URL.
//! Asked by `verdict`. NULs inside a name do not count, because old browsers skipped them; letters compare without case.

/// How an attribute can do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    /// Not at all.
    Harmless,
    /// With any value.
    Harmful,
    /// If its value is a URL that runs script.
    Url,
    /// If its value is the name of a harmful attribute (SVG's `attributeName`).
    Name,
}

/// No name that is asked for is longer.
const LONGEST: usize = 16;

/// Whether a tag can run script or change how the page is read.
pub(super) fn is_harmful(name: &[u8]) -> bool {
    if name.len() < 3 {
        return false;
    }
    // All of SVG and XSLT, whatever follows.
    if name
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"SVG") || start.eq_ignore_ascii_case(b"XSL"))
    {
        return true;
    }
    with_plain(name, |name| {
        matches!(
            name,
            b"APPLET"
                | b"BASE"
                | b"COMMENT"
                | b"EMBED"
                | b"FRAME"
                | b"FRAMESET"
                | b"HANDLER"
                | b"IFRAME"
                | b"IMPORT"
                | b"ISINDEX"
                | b"LINK"
                | b"LISTENER"
                | b"META"
                | b"NOSCRIPT"
                | b"OBJECT"
                | b"SCRIPT"
                | b"STYLE"
                | b"VMLFRAME"
                | b"XML"
                | b"XSS"
        )
    })
    .unwrap_or(false)
}

/// What an attribute can do. Every name of five bytes or more that begins with `on` counts as an event handler.
pub(super) fn attribute(name: &[u8]) -> Attribute {
    if name.len() < 2 {
        return Attribute::Harmless;
    }
    let starts = |word: &[u8]| name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if name.len() >= 5 && (starts(b"ON") || starts(b"XMLNS") || starts(b"XLINK")) {
        return Attribute::Harmful;
    }
    with_plain(name, |name| match name {
        b"DATAFORMATAS" | b"DATASRC" | b"FILTER" | b"STYLE" => Attribute::Harmful,
        b"ACTION" | b"BACKGROUND" | b"BY" | b"DYNSRC" | b"FOLDER" | b"FORMACTION" | b"FROM" | b"HANDLER"
        | b"HREF" | b"LOWSRC" | b"POSTER" | b"SRC" | b"TO" | b"VALUES" => Attribute::Url,
        b"ATTRIBUTENAME" => Attribute::Name,
        _ => Attribute::Harmless,
    })
    .unwrap_or(Attribute::Harmless)
}

/// Asks `about` the name in upper case and without NULs; `None` for a name that is longer than any.
fn with_plain<T>(name: &[u8], about: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let mut plain = [0; LONGEST];
    let mut len = 0;
    for byte in name.iter().filter(|&&byte| byte != 0) {
        *plain.get_mut(len)? = byte.to_ascii_uppercase();
        len += 1;
    }
    plain.get(..len).map(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_compare_without_case_and_nulls() {
        for name in ["script", "sCr\0iPt", "\0XML", "svgfoo", "xsl:template", "vmlframe"] {
            assert!(is_harmful(name.as_bytes()), "{name:?}");
        }
        for name in ["", "xm", "scripts", "s\0vg", "a", "b\0\0", "noscriptnoscriptnoscript"] {
            assert!(!is_harmful(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn attributes_have_their_dangers() {
        let cases = [
            ("onclick", Attribute::Harmful),
            ("onabc", Attribute::Harmful),
            ("onab", Attribute::Harmless),
            ("xmlns:x", Attribute::Harmful),
            ("xlink:href", Attribute::Harmful),
            ("xm\0lns", Attribute::Harmless),
            ("st\0yle", Attribute::Harmful),
            ("hrefs", Attribute::Harmless),
            ("HREF", Attribute::Url),
            ("to", Attribute::Url),
            ("attributeName", Attribute::Name),
            ("attributenameattributename", Attribute::Harmless),
        ];
        for (name, expected) in cases {
            assert_eq!(attribute(name.as_bytes()), expected, "{name:?}");
        }
    }
}
