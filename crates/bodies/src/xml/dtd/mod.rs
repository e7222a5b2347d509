//! The document type declaration and its internal subset.
//!
//! `a SYSTEM "u" [<!ENTITY e "v">]` → entity `e` is `v`, and the type is incomplete because the external part is not
//! read. Only what changes the document is kept: general entities, attribute types and defaults. Element types and
//! notations are checked for their form. External subsets and external parameter entities are never loaded.
//! A parameter entity may stand between declarations or inside an entity value of another parameter entity; inside
//! other declarations libxml takes one too, here it is an error.

mod attlist;
mod element;

use std::collections::HashMap;

use super::entities::{Entities, Entity, character};
use super::scanner::Scanner;
use super::{Fault, MAX_ENTITY_DEPTH};

use attlist::AttributeTypes;

/// What the document type says.
#[derive(Debug, Default)]
pub(super) struct DocumentType {
    pub(super) entities: Entities,
    /// By element name.
    pub(super) attributes: HashMap<String, AttributeTypes>,
}

/// Reads what stands between `<!DOCTYPE` and the final `>`. `expansion` is the text that entities may still add.
pub(super) fn parse(text: &str, standalone: bool, expansion: &mut usize) -> Result<DocumentType, Fault> {
    let mut head = Scanner::new(text);
    head.name().ok_or("document type without a name")?;
    head.blanks();
    let external = external_id(&mut head, false)?;
    head.blanks();
    let subset = head.eat("[").then(|| head.rest().trim_end_matches([' ', '\t', '\r', '\n']));
    let mut parser = Parser {
        found: DocumentType::default(),
        parameters: HashMap::new(),
        standalone,
        external,
        references: false,
        expansion,
    };
    parser.found.entities.incomplete = external && !standalone;
    match subset {
        Some(subset) => {
            let subset = subset.strip_suffix(']').ok_or("document type not finished")?;
            parser.subset(subset)?;
        }
        None if head.is_empty() => {}
        None => return Err("malformed document type"),
    }
    Ok(parser.found)
}

struct Parser<'e> {
    found: DocumentType,
    /// Parameter entities; `None` for an external one.
    parameters: HashMap<String, Option<String>>,
    standalone: bool,
    external: bool,
    /// Whether an internal parameter entity was used.
    references: bool,
    expansion: &'e mut usize,
}

/// A text whose declarations are being read: the subset, or the text of a parameter entity.
struct Source {
    /// The entity, so that it cannot hold itself.
    name: Option<String>,
    text: String,
    at: usize,
}

impl Parser<'_> {
    fn subset(&mut self, text: &str) -> Result<(), Fault> {
        let mut sources = vec![Source { name: None, text: text.to_owned(), at: 0 }];
        while let Some(mut source) = sources.pop() {
            let rest = source.text.get(source.at..).unwrap_or_default();
            let mut scanner = Scanner::new(rest);
            let included = self.declarations(&mut scanner, !sources.is_empty())?;
            source.at = source.text.len() - scanner.rest().len();
            let Some(name) = included else { continue };
            sources.push(source);
            if let Some(text) = self.parameter(&name)? {
                if sources.len() > MAX_ENTITY_DEPTH
                    || sources.iter().any(|open| open.name.as_ref() == Some(&name))
                {
                    return Err("parameter entity holds itself");
                }
                sources.push(Source { name: Some(name), text, at: 0 });
            }
        }
        Ok(())
    }

    /// Reads up to the end or to a parameter entity between two declarations, whose name is returned.
    fn declarations(&mut self, scanner: &mut Scanner<'_>, in_entity: bool) -> Result<Option<String>, Fault> {
        loop {
            scanner.blanks();
            if scanner.is_empty() {
                return Ok(None);
            }
            if scanner.eat("%") {
                let name = scanner.name().filter(|_| scanner.eat(";"));
                return Ok(Some(name.ok_or("malformed parameter entity reference")?.to_owned()));
            }
            if scanner.eat("<!--") {
                scanner.until("--").ok_or("comment not finished")?;
                if !scanner.eat(">") {
                    return Err("double hyphen in a comment");
                }
            } else if scanner.eat("<?") {
                super::parse::instruction(scanner.until("?>").ok_or("processing instruction not finished")?)?;
            } else if scanner.eat("<!ELEMENT") {
                element::parse(scanner)?;
            } else if scanner.eat("<!ATTLIST") {
                attlist::parse(scanner, &mut self.found, self.expansion)?;
            } else if scanner.eat("<!ENTITY") {
                self.entity(scanner, in_entity)?;
            } else if scanner.eat("<!NOTATION") {
                notation(scanner)?;
            } else {
                return Err("unknown declaration in the document type");
            }
        }
    }

    /// The text of a parameter entity that is referred to; `None` when it is not to be read.
    fn parameter(&mut self, name: &str) -> Result<Option<String>, Fault> {
        match self.parameters.get(name) {
            Some(Some(text)) => {
                self.references = true;
                self.found.entities.incomplete = !self.standalone;
                spend(self.expansion, text.len())?;
                Ok(Some(text.clone()))
            }
            Some(None) => Ok(None),
            None if self.standalone || !(self.external || self.references) => {
                Err("reference to an undeclared parameter entity")
            }
            None => Ok(None),
        }
    }

    fn entity(&mut self, scanner: &mut Scanner<'_>, in_entity: bool) -> Result<(), Fault> {
        require_blanks(scanner)?;
        let parameter = scanner.eat("%");
        if parameter {
            require_blanks(scanner)?;
        }
        let name = scanner.name().ok_or("entity without a name")?;
        require_blanks(scanner)?;
        let entity = if let Some(literal) = scanner.literal() {
            Entity::Internal(self.entity_value(literal, in_entity)?)
        } else if external_id(scanner, false)? {
            let blanks = scanner.blanks();
            if !parameter && scanner.eat("NDATA") {
                let notation = scanner.blanks().then(|| scanner.name()).flatten();
                if !blanks || notation.is_none() {
                    return Err("malformed entity declaration");
                }
                Entity::Unparsed
            } else {
                Entity::External
            }
        } else {
            return Err("entity without a value");
        };
        if parameter {
            let text = if let Entity::Internal(text) = entity { Some(text) } else { None };
            self.parameters.entry(name.to_owned()).or_insert(text);
        } else {
            self.found.entities.declare(name, entity);
        }
        close(scanner)
    }

    /// Replacement text: character references resolved, references to general entities kept.
    fn entity_value(&mut self, literal: &str, in_entity: bool) -> Result<String, Fault> {
        let mut value = String::with_capacity(literal.len());
        let mut scanner = Scanner::new(literal);
        loop {
            let plain = memchr::memchr3(b'&', b'%', b'\r', scanner.rest().as_bytes());
            value.push_str(scanner.take(plain.unwrap_or(literal.len())));
            match scanner.peek() {
                None => return Ok(value),
                Some(b'\r') => {
                    scanner.take(1);
                    scanner.eat("\n");
                    value.push('\n');
                }
                Some(b'&') if scanner.eat("&#") => {
                    let number = scanner.until(";").and_then(character);
                    value.push(number.ok_or("invalid character reference in an entity value")?);
                }
                Some(first) => {
                    let before = scanner.rest();
                    scanner.take(1);
                    let name = scanner.name().filter(|_| scanner.eat(";"));
                    let name = name.ok_or("malformed reference in an entity value")?;
                    if first == b'&' {
                        value.push_str(before.get(..name.len() + 2).unwrap_or_default());
                    } else if !in_entity {
                        return Err("parameter entity reference in an entity value");
                    } else if let Some(text) = self.parameter(name)? {
                        // The text was scanned when it was declared: its own references are resolved already.
                        value.push_str(&text);
                    }
                }
            }
        }
    }
}

/// `SYSTEM "u"` or `PUBLIC "p" "u"`; false when neither comes next. A notation may leave the last part out.
fn external_id(scanner: &mut Scanner<'_>, notation: bool) -> Result<bool, Fault> {
    let malformed = "malformed external identifier";
    if scanner.eat("SYSTEM") {
        require_blanks(scanner)?;
        scanner.literal().ok_or(malformed)?;
        return Ok(true);
    }
    if !scanner.eat("PUBLIC") {
        return Ok(false);
    }
    require_blanks(scanner)?;
    let public = scanner.literal().ok_or(malformed)?;
    if !public.bytes().all(is_public_id) {
        return Err(malformed);
    }
    let mut ahead = *scanner;
    let blanks = ahead.blanks();
    match ahead.literal() {
        Some(_) if blanks => *scanner = ahead,
        None if notation => {}
        _ => return Err(malformed),
    }
    Ok(true)
}

fn is_public_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" \r\n-'()+,./:=?;!*#@$_%".contains(&byte)
}

fn notation(scanner: &mut Scanner<'_>) -> Result<(), Fault> {
    require_blanks(scanner)?;
    scanner.name().ok_or("notation without a name")?;
    require_blanks(scanner)?;
    if !external_id(scanner, true)? {
        return Err("notation without an identifier");
    }
    close(scanner)
}

fn require_blanks(scanner: &mut Scanner<'_>) -> Result<(), Fault> {
    if scanner.blanks() { Ok(()) } else { Err("white space is missing in a declaration") }
}

/// The end of a declaration.
fn close(scanner: &mut Scanner<'_>) -> Result<(), Fault> {
    scanner.blanks();
    if scanner.eat(">") { Ok(()) } else { Err("declaration not finished") }
}

/// Takes `bytes` from what entities may still add.
pub(super) fn spend(expansion: &mut usize, bytes: usize) -> Result<(), Fault> {
    // One more for each reference, so that empty entities are not free.
    *expansion = expansion.checked_sub(bytes + 1).ok_or("entities expand to too much text")?;
    Ok(())
}
