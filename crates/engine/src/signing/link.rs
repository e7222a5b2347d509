//! What address a link leads to, as a browser has it.
//!
//! `../list?p=1#top` on `/shop/a/home` → `shop/list?p=1` is signed, and the parameter goes in front of `#top`. A link to another host
//! or with another scheme than http is none of ours, and neither is one that is signed already.
//! (RFC 3986, section 5.2; the URL standard for what is escaped)

use super::html::Byte;

/// The document in which links stand.
pub(super) struct Page<'t> {
    host: &'t [u8],
    /// The path at which relative links begin, the page's own unless `<base>` says otherwise; `None` when it is elsewhere.
    base: Option<Vec<u8>>,
}

/// A link of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The address as methods see it: with scheme and host where the link has them.
    pub(super) shown: Vec<u8>,
    /// What is signed: path without its first slash, and query.
    pub(super) signed: Vec<u8>,
    pub(super) has_query: bool,
    /// Where in the link, as it is written, the parameter belongs.
    pub(super) end: usize,
}

impl<'t> Page<'t> {
    /// The page of a request target, and what `<base>` of the document says.
    pub(super) fn new(host: &'t [u8], target: &[u8], base: Option<&[u8]>) -> Self {
        let target = without_fragment(target);
        let path = until(&[b"/", without_origin(target)].concat(), b'?').to_vec();
        let mut page = Self { host, base: Some(path) };
        if let Some(base) = base {
            page.base = page.address(base).map(|(path, _)| path);
        }
        page
    }

    /// Path and query that a link leads to, without its fragment.
    fn address(&self, link: &[u8]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let (place, query) = split(link, b'?');
        let path = if let Some(rest) = after_authority(place) {
            let (host, path) = rest.split_at(memchr::memchr(b'/', rest)?);
            if !host.eq_ignore_ascii_case(self.host) {
                return None;
            }
            path.to_vec()
        } else if has_scheme(place) {
            return None;
        } else if place.starts_with(b"/") {
            place.to_vec()
        } else if place.is_empty() {
            self.base.clone()?
        } else {
            let base = self.base.as_deref()?;
            let folder = base.get(..=memchr::memrchr(b'/', base)?)?;
            [folder, place].concat()
        };
        Some((without_dots(&escaped(&path)), query.map(escaped)))
    }
}

/// Follows a link whose bytes know where they were written.
pub(super) fn resolve(link: &[Byte], page: &Page<'_>, parameter: &[u8]) -> Option<Resolved> {
    let is_blank = |byte: &&Byte| byte.value <= b' ';
    let before = link.iter().take_while(is_blank).count();
    let behind = link.len() - link.iter().rev().take_while(is_blank).count();
    let link = link.get(before..behind)?;
    let length = link.iter().position(|byte| byte.value == b'#').unwrap_or(link.len());
    let (link, rest) = link.split_at_checked(length)?;
    let bytes: Vec<u8> = link.iter().map(|byte| byte.value).collect();
    // The same page, or something that readers take differently.
    if bytes.is_empty() || bytes.iter().any(|byte| *byte < b' ' || *byte == b'\\') {
        return None;
    }
    let (path, query) = page.address(&bytes)?;
    let has_query = query.is_some();
    let whole = match &query {
        Some(query) => [&path, &b"?"[..], query].concat(),
        None => path,
    };
    if split_signature(&whole, parameter).is_some() {
        return None;
    }
    let end = rest.first().map_or(link.last()?.end, |fragment| fragment.start);
    let shown = if after_authority(&bytes).is_some() { bytes } else { whole.clone() };
    Some(Resolved { shown, signed: whole.get(1..)?.to_vec(), has_query, end })
}

/// An address in front of its signature, and the signature, which is the last parameter; `None` for a parameter without `=`.
pub(super) fn split_signature<'a>(
    address: &'a [u8],
    parameter: &[u8],
) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    let at = memchr::memrchr2(b'?', b'&', address)?;
    let (before, last) = (address.get(..at)?, address.get(at + 1..)?);
    match last.strip_prefix(parameter)? {
        b"" => Some((before, None)),
        rest => Some((before, Some(rest.strip_prefix(b"=")?))),
    }
}

/// `http://host/path` and `/path` → `path`.
pub(super) fn without_origin(address: &[u8]) -> &[u8] {
    let rest = match after_authority(address) {
        Some(rest) if !address.starts_with(b"/") => {
            rest.get(memchr::memchr(b'/', rest).unwrap_or(rest.len())..).unwrap_or_default()
        }
        _ => address,
    };
    rest.strip_prefix(b"/").unwrap_or(rest)
}

fn without_fragment(address: &[u8]) -> &[u8] {
    until(address, b'#')
}

fn until(text: &[u8], end: u8) -> &[u8] {
    text.get(..memchr::memchr(end, text).unwrap_or(text.len())).unwrap_or_default()
}

fn split(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    let before = until(text, at);
    (before, text.get(before.len() + 1..).filter(|_| before.len() < text.len()))
}

/// What follows `http://`, `https://` or `//`.
fn after_authority(link: &[u8]) -> Option<&[u8]> {
    let begins =
        |prefix: &[u8]| link.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
    let prefix = [&b"http://"[..], b"https://", b"//"].into_iter().find(|prefix| begins(prefix))?;
    link.get(prefix.len()..)
}

fn has_scheme(link: &[u8]) -> bool {
    let name =
        link.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')).count();
    link.first().is_some_and(u8::is_ascii_alphabetic) && link.get(name) == Some(&b':')
}

/// What browsers escape before they send it.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' | b'"' | b'<' | b'>' | 0x7f.. => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            byte => out.push(*byte),
        }
    }
    out
}

/// A path without `.` and with `..` taken back.
fn without_dots(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut ends_open = false;
    for part in path.split(|byte| *byte == b'/').skip(1) {
        ends_open = matches!(part, b"." | b"..");
        match part {
            b"." => {}
            b".." => {
                kept.pop();
            }
            part => kept.push(part),
        }
    }
    if ends_open {
        kept.push(b"");
    }
    kept.iter().flat_map(|part| [b"/", *part].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::html::plain;

    fn follow(link: &str, base: Option<&str>) -> Option<(String, usize)> {
        let page = Page::new(b"shop.test", b"/shop/a/home?x=1", base.map(str::as_bytes));
        let found = resolve(&plain(link.as_bytes()), &page, b"crypt")?;
        assert_eq!(found.has_query, found.signed.contains(&b'?'), "{link}");
        Some((String::from_utf8(found.signed).unwrap(), found.end))
    }

    #[test]
    fn links_lead_where_browsers_go() {
        for (link, expected) in [
            ("/a?x=1", Some(("a?x=1", 6))),
            ("b.html", Some(("shop/a/b.html", 6))),
            (" ../list?p=1#top ", Some(("shop/list?p=1", 12))),
            ("./", Some(("shop/a/", 2))),
            ("..", Some(("shop/", 2))),
            ("../../../../x", Some(("x", 13))),
            ("?q", Some(("shop/a/home?q", 2))),
            ("/", Some(("", 1))),
            ("http://SHOP.test/c/d#f", Some(("c/d", 20))),
            ("//shop.test/e", Some(("e", 13))),
            ("/a b?\"<", Some(("a%20b?%22%3C", 7))),
            ("/\u{fc}", Some(("%C3%BC", 3))),
            ("https://other.test/z", None),
            ("http://shop.test", None),
            ("mailto:x@y", None),
            ("javascript:a/b", None),
            ("#top", None),
            ("", None),
            ("/a\\b", None),
            ("/r?crypt=1", None),
        ] {
            assert_eq!(follow(link, None).as_ref().map(|(s, e)| (s.as_str(), *e)), expected, "{link}");
        }
        assert_eq!(follow("x", Some("/other/")).map(|(signed, _)| signed).as_deref(), Some("other/x"));
        assert_eq!(follow("x", Some("https://cdn.test/")), None);
        assert_eq!(follow("/x", Some("https://cdn.test/")).map(|(signed, _)| signed).as_deref(), Some("x"));
    }

    #[test]
    fn a_signature_is_the_last_parameter() {
        let split = |address: &'static str| {
            split_signature(address.as_bytes(), b"crypt").map(|(before, given)| {
                (
                    String::from_utf8_lossy(before).into_owned(),
                    given.map(|g| String::from_utf8_lossy(g).into_owned()),
                )
            })
        };
        assert_eq!(split("/a?x=1&crypt=00"), Some(("/a?x=1".to_owned(), Some("00".to_owned()))));
        assert_eq!(split("/a?crypt"), Some(("/a".to_owned(), None)));
        assert_eq!(split("/a?crypt=1&crypt=2"), Some(("/a?crypt=1".to_owned(), Some("2".to_owned()))));
        for none in ["/a", "/a?crypto=1", "/crypt=1", "/a?crypt=1&b=2", "/a?x=crypt=1"] {
            assert_eq!(split(none), None, "{none}");
        }
        assert_eq!(without_origin(b"http://h/a?b"), b"a?b");
        assert_eq!(without_origin(b"//a"), b"/a");
    }
}
