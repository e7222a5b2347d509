//! Links in an HTML document, and where they stand.
//!
//! `<A HREF='x?a&amp;b'>` → the value's place, `Href`; [`decoded`] makes `x?a&b` of it and remembers where each byte was. Tags in
//! comments and in the text of scripts, styles and the like are none. One pass, in linear time, which builds no tree: where a
//! document is broken, what looks like a tag is one.

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// `href` of any element but `<base>`.
    Href,
    /// `action` of a form without `option`, as v2 has it.
    FormAction,
    /// `src` of an `<iframe>`.
    IframeSrc,
    /// `src` of a `<frame>`.
    FrameSrc,
    /// The field of the answer's head.
    Location,
}

/// A link: the bytes of its value, without quotes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) place: Place,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The links of a document, in order.
#[derive(Debug, Default)]
pub(super) struct Links<'d> {
    pub(super) found: Vec<Link>,
    /// `href` of the first `<base>`.
    pub(super) base: Option<&'d [u8]>,
}

/// A byte of a value, and where in the value it was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Byte {
    pub(super) value: u8,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Elements whose content is text up to their own end tag.
const TEXT: [&[u8]; 8] =
    [b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes"];

/// Finds the links.
pub(super) fn links(document: &[u8]) -> Links<'_> {
    let mut scanner = Scanner { document, at: 0, links: Links::default() };
    while let Some(open) = scanner.find(b'<') {
        scanner.at = open + 1;
        match scanner.peek() {
            Some(b'!') if document.get(open..).is_some_and(|rest| rest.starts_with(b"<!--")) => {
                scanner.at = open + 4;
                scanner.skip_behind(b"-->");
            }
            Some(b'!' | b'?' | b'/') => scanner.skip_behind(b">"),
            Some(letter) if letter.is_ascii_alphabetic() => scanner.tag(),
            _ => {}
        }
    }
    scanner.links
}

struct Scanner<'d> {
    document: &'d [u8],
    at: usize,
    links: Links<'d>,
}

/// Attributes of a tag that matter: places of their values.
#[derive(Default)]
struct Attributes {
    href: Option<(usize, usize)>,
    action: Option<(usize, usize)>,
    src: Option<(usize, usize)>,
    has_option: bool,
}

impl<'d> Scanner<'d> {
    fn peek(&self) -> Option<u8> {
        self.document.get(self.at).copied()
    }

    fn find(&self, byte: u8) -> Option<usize> {
        Some(self.at + memchr::memchr(byte, self.document.get(self.at..)?)?)
    }

    /// Goes behind a text, or to the end.
    fn skip_behind(&mut self, text: &[u8]) {
        let rest = self.document.get(self.at..).unwrap_or_default();
        self.at = memchr::memmem::find(rest, text)
            .map_or(self.document.len(), |found| self.at + found + text.len());
    }

    /// Goes on while bytes are of a kind, and returns where they began and end.
    fn run(&mut self, belongs: impl Fn(u8) -> bool) -> (usize, usize) {
        let start = self.at;
        let rest = self.document.get(start..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| belongs(**byte)).count();
        (start, self.at)
    }

    fn text(&self, (start, end): (usize, usize)) -> &'d [u8] {
        self.document.get(start..end).unwrap_or_default()
    }

    fn tag(&mut self) {
        let name = self.run(|byte| !is_blank(byte) && !matches!(byte, b'/' | b'>'));
        let name = self.text(name).to_ascii_lowercase();
        let Some(attributes) = self.attributes() else { return };
        let mut push = |place, value: Option<(usize, usize)>| {
            self.links.found.extend(value.map(|(start, end)| Link { place, start, end }));
        };
        match name.as_slice() {
            b"base" => {
                let base =
                    attributes.href.map(|(start, end)| self.document.get(start..end).unwrap_or_default());
                self.links.base = self.links.base.or(base);
            }
            _ => push(Place::Href, attributes.href),
        }
        match name.as_slice() {
            b"form" if !attributes.has_option => push(Place::FormAction, attributes.action),
            b"iframe" => push(Place::IframeSrc, attributes.src),
            b"frame" => push(Place::FrameSrc, attributes.src),
            b"plaintext" => self.at = self.document.len(),
            _ => {}
        }
        if TEXT.contains(&name.as_slice()) {
            self.skip_text(&name);
        }
    }

    /// Goes to the end tag of an element whose content is text.
    fn skip_text(&mut self, name: &[u8]) {
        while let Some(open) = self.find(b'<') {
            let rest = self.document.get(open + 1..).unwrap_or_default();
            let closes = rest.first() == Some(&b'/')
                && rest.get(1..=name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
            if closes {
                self.at = open;
                return;
            }
            self.at = open + 1;
        }
        self.at = self.document.len();
    }

    /// Reads up to the end of the tag; `None` when it has none.
    fn attributes(&mut self) -> Option<Attributes> {
        let mut found = Attributes::default();
        loop {
            self.run(|byte| is_blank(byte) || byte == b'/');
            if self.peek()? == b'>' {
                self.at += 1;
                return Some(found);
            }
            // A name may begin with `=`.
            let start = self.at;
            self.at += 1;
            let (_, end) = self.run(|byte| !is_blank(byte) && !matches!(byte, b'/' | b'>' | b'='));
            let name = self.text((start, end)).to_ascii_lowercase();
            self.run(is_blank);
            let value = if self.peek()? == b'=' { Some(self.value()?) } else { None };
            match name.as_slice() {
                b"href" => found.href = found.href.or(value),
                b"action" => found.action = found.action.or(value),
                b"src" => found.src = found.src.or(value),
                b"option" => found.has_option = true,
                _ => {}
            }
        }
    }

    /// The value behind `=`; `None` when the document ends in it.
    fn value(&mut self) -> Option<(usize, usize)> {
        self.at += 1;
        self.run(is_blank);
        match self.peek()? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                let start = self.at;
                let end = self.find(quote)?;
                self.at = end + 1;
                Some((start, end))
            }
            _ => Some(self.run(|byte| !is_blank(byte) && byte != b'>')),
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

/// The bytes of a value in which nothing is escaped.
pub(super) fn plain(text: &[u8]) -> Vec<Byte> {
    text.iter().zip(0..).map(|(value, start)| Byte { value: *value, start, end: start + 1 }).collect()
}

/// The bytes of an attribute's value, references resolved. One that is not known is a line end, which no link may have.
pub(super) fn decoded(raw: &[u8]) -> Vec<Byte> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        let reference = raw.get(at..).filter(|_| *byte == b'&').and_then(reference);
        let (value, length) = reference.unwrap_or((*byte, 1));
        out.push(Byte { value, start: at, end: at + length });
        at += length;
    }
    out
}

/// The byte that a reference stands for, and its length. `&copy=1` is none, as browsers have it in attributes.
fn reference(text: &[u8]) -> Option<(u8, usize)> {
    let name: Vec<u8> = text
        .iter()
        .skip(1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#')
        .copied()
        .collect();
    let length = name.len() + 2;
    if name.is_empty() || text.get(length - 1) != Some(&b';') {
        return None;
    }
    let number = |digits: &[u8], base| u32::from_str_radix(std::str::from_utf8(digits).ok()?, base).ok();
    let value = match name.to_ascii_lowercase().as_slice() {
        b"amp" => b'&',
        b"lt" => b'<',
        b"gt" => b'>',
        b"quot" => b'"',
        b"apos" => b'\'',
        [b'#', b'x', digits @ ..] => ascii(number(digits, 16)),
        [b'#', digits @ ..] => ascii(number(digits, 10)),
        _ => b'\n',
    };
    Some((value, length))
}

fn ascii(number: Option<u32>) -> u8 {
    number.and_then(|number| u8::try_from(number).ok()).filter(u8::is_ascii).unwrap_or(b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_where_tags_are() {
        let document = "<!doctype html><!-- <a href=no> --><base href='/b/'><LINK\nHREF = /l.css /><a class=x href=\"/a?b&amp;c\" href=no>\
            <form action=/f><form action=/no option><iframe src='/i'><a href=no></iframe><frame src=/r>\
            <script>'<a href=no>'</Script ><a title='>' href=e/f/><p>1 < 2 <a href='/z'></a href=no><a href=\"no";
        let links = links(document.as_bytes());
        let found: Vec<_> =
            links.found.iter().map(|link| (link.place, &document[link.start..link.end])).collect();
        assert_eq!(
            found,
            [
                (Place::Href, "/l.css"),
                (Place::Href, "/a?b&amp;c"),
                (Place::FormAction, "/f"),
                (Place::IframeSrc, "/i"),
                (Place::FrameSrc, "/r"),
                (Place::Href, "e/f/"),
                (Place::Href, "/z"),
            ]
        );
        assert_eq!(links.base, Some(&b"/b/"[..]));
    }

    #[test]
    fn references_are_resolved_and_know_their_place() {
        let text = |raw: &str| decoded(raw.as_bytes()).iter().map(|byte| byte.value).collect::<Vec<_>>();
        assert_eq!(text("a&amp;b&#38;&#x26;&copy=1&x"), b"a&b&&&copy=1&x");
        assert_eq!(text("&eacute;&#233;&#999999999999;"), b"\n\n\n");
        let bytes = decoded(b"a&amp;#");
        assert_eq!(
            bytes.iter().map(|byte| (byte.start, byte.end)).collect::<Vec<_>>(),
            [(0, 1), (1, 6), (6, 7)]
        );
    }
}
