//! Wildcards in the paths of `Include`, as httpd reads them.
//!
//! `REQUEST-9*.conf` matches `REQUEST-901-INITIALIZATION.conf`. `*` and `?` never match a dot at the start of a name, `\`
//! takes the next byte literally, `[a-z]`, `[!a]` and `[^a]` are sets; an unclosed `[` matches nothing. Comparison is by
//! bytes. The cost is at most the product of both lengths.

/// Whether a name (one part of a path) matches a pattern.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && matches!(pattern.first(), Some(b'*' | b'?' | b'[')) {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    // Where to go on when what follows the last `*` does not fit: one byte more for the star.
    let mut retry = None;
    while n < name.len() || p < pattern.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p, n + 1));
            p += 1;
            continue;
        }
        if let Some(byte) = name.get(n)
            && let Some(width) = one(&pattern[p..], *byte)
        {
            p += width;
            n += 1;
            continue;
        }
        match retry {
            Some((star, next)) if next <= name.len() => {
                (p, n) = (star + 1, next);
                retry = Some((star, next + 1));
            }
            _ => return false,
        }
    }
    true
}

/// The width of the pattern's first element when it matches the byte.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match *pattern.first()? {
        b'?' => Some(1),
        b'[' => set(pattern, byte),
        b'\\' if pattern.len() > 1 => (pattern[1] == byte).then_some(2),
        literal => (literal == byte).then_some(1),
    }
}

/// The width of a `[…]` that matches the byte.
fn set(pattern: &[u8], byte: u8) -> Option<usize> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let mut at = if negated { 2 } else { 1 };
    let first = at;
    let mut found = false;
    while at < pattern.len() && (pattern[at] != b']' || at == first) {
        let low = pattern[at];
        at += 1;
        let mut high = low;
        if pattern.get(at) == Some(&b'-') && pattern.get(at + 1).is_some_and(|end| *end != b']') {
            high = pattern[at + 1];
            at += 2;
        }
        found |= (low..=high).contains(&byte);
    }
    (at < pattern.len() && found != negated).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn wildcards() {
        let yes = [
            ("*.conf", "a.conf"),
            ("*", "x"),
            ("a*b*c", "aXbYbZc"),
            ("?-[0-9][0-9].conf", "a-07.conf"),
            ("[!a]x", "bx"),
            ("[^a]x", "bx"),
            ("[]]", "]"),
            ("[a-]", "-"),
            (r"\*", "*"),
            ("a**", "a"),
        ];
        for (pattern, name) in yes {
            assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        let no = [
            ("*.conf", ".conf"),
            ("?x", ".x"),
            ("[.]x", ".x"),
            ("*.conf", "a.conf.example"),
            ("a*b", "ac"),
            ("[!a]x", "ax"),
            ("[a", "a"),
            ("*.CONF", "a.conf"),
            ("a", "ab"),
            ("", "a"),
        ];
        for (pattern, name) in no {
            assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = "a*".repeat(200) + "b";
        assert!(!matches(pattern.as_bytes(), "a".repeat(2000).as_bytes()));
    }
}
