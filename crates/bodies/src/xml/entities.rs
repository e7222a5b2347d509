//! What references stand for: characters, the five predefined entities, and those a document declares.
//!
//! `&#x41;` is `A`, `&lt;` is `<`, and after `<!ENTITY e "v">` `&e;` is `v`. Content and attribute values ask here;
//! they expand the replacement text themselves, because markup is read in one and forbidden in the other. External
//! entities are known but have no text: nothing is ever loaded.

use std::collections::HashMap;

use super::chars::is_char;

/// What a declared name stands for.
#[derive(Debug)]
pub(super) enum Entity {
    /// Replacement text: character references are resolved, entity references are not.
    Internal(String),
    /// In another resource, which is not loaded.
    External,
    /// Data that is not XML; a reference to it is an error.
    Unparsed,
}

/// The general entities of a document.
#[derive(Debug, Default)]
pub(super) struct Entities {
    declared: HashMap<String, Entity>,
    /// An undeclared name is no error, because a part of the document type that was not read may declare it.
    pub(super) incomplete: bool,
}

/// What to put in place of a reference.
#[derive(Debug)]
pub(super) enum Replacement<'a> {
    Char(char),
    Text(&'a str),
    /// An external entity.
    Outside,
    /// A name that may be declared elsewhere.
    Unknown,
}

impl Entities {
    /// The first declaration of a name counts.
    pub(super) fn declare(&mut self, name: &str, entity: Entity) {
        if !self.declared.contains_key(name) {
            self.declared.insert(name.to_owned(), entity);
        }
    }

    /// What stands between `&` and `;`, given that text.
    pub(super) fn resolve(&self, reference: &str) -> Result<Replacement<'_>, &'static str> {
        if let Some(number) = reference.strip_prefix('#') {
            return character(number).map(Replacement::Char).ok_or("invalid character reference");
        }
        Ok(match reference {
            "lt" => Replacement::Char('<'),
            "gt" => Replacement::Char('>'),
            "amp" => Replacement::Char('&'),
            "quot" => Replacement::Char('"'),
            "apos" => Replacement::Char('\''),
            name => match self.declared.get(name) {
                Some(Entity::Internal(text)) => Replacement::Text(text),
                Some(Entity::External) => Replacement::Outside,
                Some(Entity::Unparsed) => return Err("reference to an unparsed entity"),
                None if super::chars::name_length(name) != name.len() || name.is_empty() => {
                    return Err("malformed reference");
                }
                None if self.incomplete => Replacement::Unknown,
                None => return Err("reference to an undeclared entity"),
            },
        })
    }
}

/// The character with the number in `text`: decimal, or hexadecimal after `x`.
pub(super) fn character(text: &str) -> Option<char> {
    let (digits, radix) = match text.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // `from_str_radix` takes a sign, the grammar does not.
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let number = if digits.is_empty() { 0 } else { u32::from_str_radix(digits, radix).ok()? };
    char::from_u32(number).filter(|_| is_char(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn character_references() {
        for (text, expected) in [
            ("65", Some('A')),
            ("x41", Some('A')),
            ("x0000000000041", Some('A')),
            ("x10ffff", Some('\u{10FFFF}')),
            ("x110000", None),
            ("xd800", None),
            ("1", None),
            ("0", None),
            ("", None),
            ("x", None),
            ("+65", None),
            ("X41", None),
            ("99999999999999", None),
        ] {
            assert_eq!(character(text), expected, "{text}");
        }
    }
}
