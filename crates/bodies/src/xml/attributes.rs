//! Start tags: the element's name and its attributes with normalised values.
//!
//! `a x='1 &lt; 2' xmlns:p="u" p:y='v'` → name `a` and the three pairs, the first with value `1 < 2`. White space in a
//! value becomes blanks, references are expanded without recursion, and a declared token type folds blanks. A missing
//! value, blank or quote, a bare `<`, or a name that comes twice make the tag malformed, as in libxml.

use super::chars::is_blank;
use super::dtd::{DocumentType, spend};
use super::entities::{Entities, Replacement};
use super::namespaces::is_void_declaration;
use super::scanner::Scanner;
use super::{Fault, MAX_ENTITY_DEPTH};

/// The attributes of one tag, in a buffer that serves all tags.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// All names and values.
    text: String,
    items: Vec<Item>,
    /// Names in order, to find those that come twice.
    sorted: Vec<usize>,
}

/// Where a name and a value end in the text.
#[derive(Debug, Clone, Copy)]
struct Item {
    start: usize,
    name_end: usize,
    end: usize,
}

impl Attributes {
    /// Reads the text of a tag without its angle brackets and final slash; returns the element's name.
    pub(super) fn read<'a>(
        &mut self,
        tag: &'a str,
        doctype: &DocumentType,
        expansion: &mut usize,
    ) -> Result<&'a str, Fault> {
        self.text.clear();
        self.items.clear();
        let mut scanner = Scanner::new(tag);
        let element = scanner.name().ok_or("invalid element name")?;
        let types = doctype.attributes.get(element);
        loop {
            let blanks = scanner.blanks();
            if scanner.is_empty() {
                break;
            }
            let name = scanner.name().filter(|_| blanks).ok_or("malformed attribute")?;
            scanner.blanks();
            let equals = scanner.eat("=");
            scanner.blanks();
            let literal = scanner.literal().filter(|_| equals).ok_or("attribute without a value")?;
            let start = self.begin(name);
            let name_end = self.text.len();
            attribute_value(literal, &doctype.entities, expansion, &mut self.text)?;
            if types.is_some_and(|types| types.is_folded(name)) {
                let value = self.text.split_off(name_end);
                self.text.push_str(&fold(&value));
            }
            self.items.push(Item { start, name_end, end: self.text.len() });
        }
        self.refuse_duplicates()?;
        if let Some(types) = types {
            self.add_defaults(&types.defaults, expansion)?;
        }
        Ok(element)
    }

    fn add_defaults(&mut self, defaults: &[(String, String)], expansion: &mut usize) -> Result<(), Fault> {
        for (name, value) in defaults {
            spend(expansion, name.len() + value.len())?;
            if self.sorted.binary_search_by_key(&name.as_str(), |&index| self.name(index)).is_err() {
                let start = self.begin(name);
                let name_end = self.text.len();
                self.text.push_str(value);
                self.items.push(Item { start, name_end, end: self.text.len() });
            }
        }
        Ok(())
    }

    /// Names and values in the order of the tag.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.items.iter().map(|&item| self.pair(item))
    }

    fn begin(&mut self, name: &str) -> usize {
        let start = self.text.len();
        self.text.push_str(name);
        start
    }

    fn pair(&self, item: Item) -> (&str, &str) {
        let name = self.text.get(item.start..item.name_end).unwrap_or_default();
        (name, self.text.get(item.name_end..item.end).unwrap_or_default())
    }

    fn name(&self, index: usize) -> &str {
        self.items.get(index).map_or("", |&item| self.pair(item).0)
    }

    fn refuse_duplicates(&mut self) -> Result<(), Fault> {
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.clear();
        sorted.extend((0..self.items.len()).filter(|&index| {
            let (name, value) = self.items.get(index).map(|&item| self.pair(item)).unwrap_or_default();
            !is_void_declaration(name, value)
        }));
        sorted.sort_unstable_by_key(|&index| self.name(index));
        let twice = sorted.windows(2).any(|pair| match pair {
            &[a, b] => self.name(a) == self.name(b),
            _ => false,
        });
        self.sorted = sorted;
        if twice { Err("attribute defined twice") } else { Ok(()) }
    }
}

/// Appends the normalised value of a literal.
pub(super) fn attribute_value(
    literal: &str,
    entities: &Entities,
    expansion: &mut usize,
    out: &mut String,
) -> Result<(), Fault> {
    // Each open entity: what is left of its text, and the text itself to know it by.
    let mut open: Vec<(Scanner<'_>, &str)> = vec![(Scanner::new(literal), literal)];
    loop {
        let in_entity = open.len() > 1;
        let Some((scanner, _)) = open.last_mut() else { return Ok(()) };
        let special =
            scanner.rest().bytes().position(|byte| matches!(byte, b'&' | b'<' | b'\t' | b'\r' | b'\n'));
        out.push_str(scanner.take(special.unwrap_or(scanner.rest().len())));
        match scanner.peek() {
            None => {
                open.pop();
            }
            Some(b'<') => return Err("`<` in an attribute value"),
            Some(b'&') => {
                scanner.take(1);
                let reference = scanner.until(";").ok_or("reference not finished")?;
                match entities.resolve(reference)? {
                    Replacement::Char(c) => out.push(c),
                    Replacement::Unknown => {}
                    Replacement::Outside => return Err("external entity in an attribute value"),
                    Replacement::Text(text) => {
                        spend(expansion, text.len())?;
                        let inside = open.iter().skip(1).any(|(_, known)| std::ptr::eq(*known, text));
                        if inside || open.len() > MAX_ENTITY_DEPTH {
                            return Err("entity holds itself");
                        }
                        open.push((Scanner::new(text), text));
                    }
                }
            }
            Some(_) => {
                let blank = scanner.take(1);
                if blank == "\r" {
                    scanner.eat("\n");
                }
                // As libxml without entity substitution, which leaves the entity's own text alone.
                out.push_str(if in_entity { blank } else { " " });
            }
        }
    }
}

/// A value of a token type: blanks at the ends dropped, runs inside made one.
pub(super) fn fold(value: &str) -> String {
    value.split(' ').filter(|token| !token.is_empty()).collect::<Vec<&str>>().join(" ")
}

/// Whether a text holds white space only.
pub(super) fn is_blank_text(text: &str) -> bool {
    text.bytes().all(is_blank)
}
