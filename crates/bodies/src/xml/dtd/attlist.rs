//! Attribute list declarations: the types and defaults of an element's attributes.
//!
//! ` a x NMTOKENS " p  q " y CDATA #IMPLIED>` → `x` of `a` is folded and has the default `p q`. A start tag asks
//! for both. libxml leaves defaults out of the tree unless told otherwise, but every parser behind the firewall that
//! reads the internal subset has them; here they are attributes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::super::Fault;
use super::super::attributes::{attribute_value, fold};
use super::super::scanner::Scanner;
use super::{DocumentType, close, require_blanks};

/// The attributes that are declared for one element type; the first declaration of a name counts.
#[derive(Debug, Default)]
pub(in super::super) struct AttributeTypes {
    /// Whether white space around and inside a value is folded, by name: so for every type but CDATA.
    folded: HashMap<String, bool>,
    /// Names and values of attributes that a tag may leave out.
    pub(in super::super) defaults: Vec<(String, String)>,
}

impl AttributeTypes {
    pub(in super::super) fn is_folded(&self, name: &str) -> bool {
        self.folded.get(name).is_some_and(|&folded| folded)
    }
}

/// Reads a declaration after `<!ATTLIST`.
pub(super) fn parse(
    scanner: &mut Scanner<'_>,
    found: &mut DocumentType,
    expansion: &mut usize,
) -> Result<(), Fault> {
    require_blanks(scanner)?;
    let element = scanner.name().ok_or("attribute list without an element name")?;
    let types = found.attributes.entry(element.to_owned()).or_default();
    while scanner.blanks() && scanner.peek() != Some(b'>') {
        let name = scanner.name().ok_or("attribute declaration without a name")?;
        require_blanks(scanner)?;
        let folded = attribute_type(scanner)?;
        require_blanks(scanner)?;
        let mut default = None;
        if !scanner.eat("#REQUIRED") && !scanner.eat("#IMPLIED") {
            if scanner.eat("#FIXED") {
                require_blanks(scanner)?;
            }
            let literal = scanner.literal().ok_or("attribute declaration without a default")?;
            let mut value = String::new();
            attribute_value(literal, &found.entities, expansion, &mut value)?;
            default = Some(value);
        }
        if let Entry::Vacant(slot) = types.folded.entry(name.to_owned()) {
            slot.insert(folded);
            if let Some(value) = default {
                types.defaults.push((name.to_owned(), if folded { fold(&value) } else { value }));
            }
        }
    }
    close(scanner)
}

/// Whether values of the type are folded.
fn attribute_type(scanner: &mut Scanner<'_>) -> Result<bool, Fault> {
    // A name stands before those that it begins.
    const TOKEN_TYPES: [&str; 7] = ["IDREFS", "IDREF", "ID", "ENTITIES", "ENTITY", "NMTOKENS", "NMTOKEN"];
    if scanner.eat("CDATA") {
        return Ok(false);
    }
    if TOKEN_TYPES.iter().any(|name| scanner.eat(name)) {
        return Ok(true);
    }
    let notation = scanner.eat("NOTATION");
    if notation {
        require_blanks(scanner)?;
    }
    if !scanner.eat("(") {
        return Err("unknown attribute type");
    }
    loop {
        scanner.blanks();
        let token = if notation { scanner.name() } else { scanner.nmtoken() };
        token.ok_or("malformed enumeration")?;
        scanner.blanks();
        if scanner.eat(")") {
            return Ok(true);
        }
        if !scanner.eat("|") {
            return Err("malformed enumeration");
        }
    }
}
