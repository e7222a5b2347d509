//! From the text of a document to its tree.
//!
//! quick-xml cuts the text into tags, texts, references and declarations; every rule of well-formedness is checked
//! here and in the modules this one calls, because the tokeniser is lenient on purpose. The document ends at the first
//! violation, and what was read until then is kept: the reference engine inspects it too. A reference to an internal
//! entity opens its text as a further source, so the stack is a list and its length is limited.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::attributes::{Attributes, is_blank_text};
use super::dtd::{self, DocumentType, spend};
use super::encoding::{self, Decoded};
use super::entities::Replacement;
use super::namespaces::{self, Namespaces};
use super::scanner::Scanner;
use super::tree::{Builder, Tree};
use super::{Fault, MAX_ENTITY_DEPTH, XmlLimits};

const TOO_MANY_NODES: Fault = "too many nodes";
const EMPTY: Fault = "document is empty";
const UNFINISHED_ELEMENT: Fault = "element not finished";
const UNFINISHED_MARKUP: Fault = "markup not finished";
const UNBALANCED_ENTITY: Fault = "entity is not balanced";
/// Node values are addressed with 32 bits, and decoding may triple the bytes.
const INPUT_LIMIT: usize = 1 << 30;

/// Whether more bytes might have made the document well-formed.
pub(super) fn is_premature(fault: Fault) -> bool {
    [EMPTY, UNFINISHED_ELEMENT, UNFINISHED_MARKUP].contains(&fault)
}

/// Reads a document. A violation comes with the tree of what stands before it, unless there is none.
pub(super) fn parse(input: &[u8], limits: &XmlLimits) -> Result<Tree, (Fault, Option<Box<Tree>>)> {
    if input.len() > INPUT_LIMIT || limits.expansion > INPUT_LIMIT {
        return Err(("document too large", None));
    }
    // The shortest document has four bytes; libxml makes no tree of less.
    if input.len() < 4 {
        return Err((EMPTY, None));
    }
    let decoded = encoding::decode(input).map_err(|fault| (fault, None))?;
    let mut builder = Builder::new(limits.nodes);
    let result = document(&decoded, limits, &mut builder);
    let tree = builder.finish();
    match decoded.cut.or(result.err()) {
        None => Ok(tree),
        Some(fault) => Err((fault, Some(Box::new(tree)))),
    }
}

fn document(decoded: &Decoded<'_>, limits: &XmlLimits, builder: &mut Builder) -> Result<(), Fault> {
    let text = decoded.text.get(decoded.body..).unwrap_or_default();
    if text.starts_with('\u{FEFF}') {
        // The tokeniser would skip it.
        return Err("byte order mark inside the document");
    }
    let mut expansion = limits.expansion;
    let mut doctype = None;
    let mut reader = reader(text);
    let first = loop {
        let start = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let Ok(event) = reader.read_event() else { break Err(text.get(start..).unwrap_or_default()) };
        match event {
            Event::Start(tag) => break Ok((tag, false)),
            Event::Empty(tag) => break Ok((tag, true)),
            Event::DocType(_) if doctype.is_some() => return Err("second document type"),
            Event::DocType(subset) => {
                // The tokeniser takes the keyword in any case.
                if !text.get(start..).is_some_and(|text| text.starts_with("<!DOCTYPE")) {
                    return Err("malformed document type");
                }
                doctype = Some(dtd::parse(&subset, decoded.standalone, &mut expansion)?);
            }
            Event::Text(text) if is_blank_text(&text) => {}
            Event::Comment(text) => comment(&text, builder)?,
            Event::PI(text) => add_instruction(&text, builder)?,
            Event::Eof => return Err(EMPTY),
            _ => return Err("start tag expected"),
        }
    };
    let doctype = doctype.unwrap_or_default();
    let mut content = Content {
        builder,
        doctype: &doctype,
        limits,
        expansion,
        attributes: Attributes::default(),
        namespaces: Namespaces::default(),
    };
    match first {
        Ok((tag, empty)) => content.start(&tag, empty)?,
        Err(rest) => return Err(content.cut_off(rest)),
    }
    content.run(reader, text)
}

/// The document element and what follows it.
struct Content<'d> {
    builder: &'d mut Builder,
    doctype: &'d DocumentType,
    limits: &'d XmlLimits,
    /// Text that entities may still add.
    expansion: usize,
    attributes: Attributes,
    namespaces: Namespaces,
}

/// A text that is being read: the document, or that of an entity.
struct Source<'d> {
    reader: Reader<&'d [u8]>,
    /// All of it; an entity is known by where its text is.
    text: &'d str,
    /// How many elements were open when it began.
    base: usize,
}

impl<'d> Content<'d> {
    fn run(&mut self, reader: Reader<&'d [u8]>, text: &'d str) -> Result<(), Fault> {
        let mut sources = vec![Source { reader, text, base: 0 }];
        while let Some(source) = sources.last_mut() {
            let start = usize::try_from(source.reader.buffer_position()).unwrap_or(usize::MAX);
            let Ok(event) = source.reader.read_event() else {
                let fault = self.cut_off(source.text.get(start..).unwrap_or_default());
                return Err(if sources.len() > 1 { UNBALANCED_ENTITY } else { fault });
            };
            if let Event::Eof = event {
                if self.builder.depth() != source.base {
                    return Err(if sources.len() > 1 { UNBALANCED_ENTITY } else { UNFINISHED_ELEMENT });
                }
                self.builder.break_text();
                sources.pop();
                continue;
            }
            if self.builder.depth() == 0 {
                self.after_document_element(&event)?;
                continue;
            }
            match event {
                Event::Text(text) => self.text(&text)?,
                Event::Start(tag) => self.start(&tag, false)?,
                Event::Empty(tag) => self.start(&tag, true)?,
                Event::End(tag) => {
                    if self.builder.depth() == source.base {
                        return Err(UNBALANCED_ENTITY);
                    }
                    self.end(&tag)?;
                }
                Event::CData(text) => self.added(|builder| builder.cdata(&text))?,
                Event::Comment(text) => comment(&text, self.builder)?,
                Event::PI(text) => add_instruction(&text, self.builder)?,
                Event::GeneralRef(name) => {
                    if let Some(source) = self.reference(&name, &sources)? {
                        sources.push(source);
                    }
                }
                Event::Decl(_) => return Err("XML declaration inside the document"),
                Event::DocType(_) | Event::Eof => return Err("document type inside the document element"),
            }
        }
        Ok(())
    }

    fn after_document_element(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        match event {
            Event::Text(text) if is_blank_text(text) => Ok(()),
            Event::Comment(text) => comment(text, self.builder),
            Event::PI(text) => add_instruction(text, self.builder),
            _ => Err("extra content after the document element"),
        }
    }

    fn start(&mut self, tag: &str, empty: bool) -> Result<(), Fault> {
        let name = self.attributes.read(tag, self.doctype, &mut self.expansion)?;
        let depth = self.builder.depth() + 1;
        if depth > self.limits.depth {
            return Err("elements nested too deep");
        }
        for (name, value) in self.attributes.iter() {
            self.namespaces.declare(depth, name, value, self.builder);
        }
        let name = self.namespaces.element(name, self.builder);
        let mut added = self.builder.start_element(name);
        for (name, value) in self.attributes.iter() {
            if namespaces::declared(name).is_none() {
                let name = self.namespaces.attribute(name, self.builder);
                added &= self.builder.attribute(name, value);
            }
        }
        if empty {
            self.close();
        }
        if added { Ok(()) } else { Err(TOO_MANY_NODES) }
    }

    /// A tag that never ends is still an element when all its attributes are complete.
    fn cut_off(&mut self, rest: &str) -> Fault {
        let Some(tag) = rest.strip_prefix('<') else { return "malformed reference" };
        // The document is broken, whatever this finds.
        let _ = self.start(tag, false);
        if rest.starts_with("<!")
            && !["<!--", "<![CDATA[", "<!DOCTYPE"].iter().any(|known| rest.starts_with(known))
        {
            return "unknown declaration";
        }
        UNFINISHED_MARKUP
    }

    fn end(&mut self, tag: &str) -> Result<(), Fault> {
        let mut scanner = Scanner::new(tag);
        let matches = scanner.eat(self.builder.open_name());
        scanner.blanks();
        if !matches || !scanner.is_empty() {
            return Err("end tag does not match");
        }
        self.close();
        Ok(())
    }

    fn close(&mut self) {
        self.builder.end_element();
        self.namespaces.leave(self.builder.depth());
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        self.added(|builder| builder.characters(&with_line_feeds(text)))?;
        match memchr::memmem::find(text.as_bytes(), b"]]>") {
            None => Ok(()),
            Some(_) => Err("`]]>` outside a CDATA section"),
        }
    }

    /// Puts what a reference stands for in its place; an entity with markup is returned, to be read as a source.
    fn reference(&mut self, name: &str, sources: &[Source<'d>]) -> Result<Option<Source<'d>>, Fault> {
        let text = match self.doctype.entities.resolve(name)? {
            Replacement::Char(c) => {
                self.added(|builder| builder.characters(c.encode_utf8(&mut [0; 4])))?;
                return Ok(None);
            }
            Replacement::Unknown if sources.len() > 1 => return Err("undeclared entity inside an entity"),
            Replacement::Outside | Replacement::Unknown => {
                self.builder.break_text();
                return Ok(None);
            }
            Replacement::Text(text) => text,
        };
        spend(&mut self.expansion, text.len())?;
        self.builder.break_text();
        if memchr::memchr2(b'<', b'&', text.as_bytes()).is_none() {
            self.text(text)?;
            self.builder.break_text();
            return Ok(None);
        }
        if sources.len() > MAX_ENTITY_DEPTH || sources.iter().any(|open| std::ptr::eq(open.text, text)) {
            return Err("entity holds itself");
        }
        if text.starts_with('\u{FEFF}') {
            self.added(|builder| builder.characters("\u{FEFF}"))?;
        }
        Ok(Some(Source { reader: reader(text), text, base: self.builder.depth() }))
    }

    fn added(&mut self, add: impl FnOnce(&mut Builder) -> bool) -> Result<(), Fault> {
        if add(self.builder) { Ok(()) } else { Err(TOO_MANY_NODES) }
    }
}

/// A tokeniser that checks nothing itself.
fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.trim_markup_names_in_closing_tags = false;
    reader
}

fn comment(text: &str, builder: &mut Builder) -> Result<(), Fault> {
    if memchr::memmem::find(text.as_bytes(), b"--").is_some() || text.ends_with('-') {
        return Err("double hyphen in a comment");
    }
    if builder.comment(&with_line_feeds(text)) { Ok(()) } else { Err(TOO_MANY_NODES) }
}

fn add_instruction(text: &str, builder: &mut Builder) -> Result<(), Fault> {
    let (target, data) = instruction(text)?;
    if builder.instruction(target, &with_line_feeds(data)) { Ok(()) } else { Err(TOO_MANY_NODES) }
}

/// The target and the data of what stands between `<?` and `?>`.
pub(super) fn instruction(text: &str) -> Result<(&str, &str), Fault> {
    let mut scanner = Scanner::new(text);
    let target = scanner.name().ok_or("processing instruction without a target")?;
    if target.eq_ignore_ascii_case("xml") {
        return Err("XML declaration inside the document");
    }
    if !scanner.blanks() && !scanner.is_empty() {
        return Err("white space is missing in a processing instruction");
    }
    Ok((target, scanner.rest()))
}

/// Every line end as one line feed.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    match memchr::memchr(b'\r', text.as_bytes()) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
    }
}
