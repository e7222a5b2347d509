//! Which namespace a prefix means at the place where the parser stands.
//!
//! Inside `<a xmlns:p="u">`, `p` means `u` until `</a>`. Declarations that the recommendation forbids are ignored, and
//! a prefix that means nothing is part of the name: libxml counts both as errors of namespaces, not of the document.
//! Looking a prefix up takes the same time however many are in scope.

use std::collections::HashMap;

use super::XML_NAMESPACE;
use super::tree::{Builder, Name};

const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The bindings in scope.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    /// Per prefix the namespaces it means, innermost last; the default namespace has the empty prefix.
    bound: HashMap<String, Vec<u32>>,
    /// The prefixes in the order of their declarations, each with the depth of its element.
    declared: Vec<(usize, String)>,
}

impl Namespaces {
    /// Takes an attribute of an element at `depth` as a declaration, if it is one.
    pub(super) fn declare(&mut self, depth: usize, name: &str, uri: &str, builder: &mut Builder) {
        if let Some(prefix) = declared(name).filter(|prefix| !is_void(prefix, uri)) {
            let namespace = builder.namespace(uri);
            self.bound.entry(prefix.to_owned()).or_default().push(namespace);
            self.declared.push((depth, prefix.to_owned()));
        }
    }

    /// An element's name with its namespace.
    pub(super) fn element<'a>(&mut self, name: &'a str, builder: &mut Builder) -> Name<'a> {
        match split(name) {
            None => Name { text: name, prefix: 0, namespace: self.lookup("") },
            Some((prefix, _)) => self.prefixed(name, prefix, builder),
        }
    }

    /// An attribute's name with its namespace; without a prefix it has none.
    pub(super) fn attribute<'a>(&mut self, name: &'a str, builder: &mut Builder) -> Name<'a> {
        match split(name) {
            None => Name::plain(name),
            Some((prefix, _)) => self.prefixed(name, prefix, builder),
        }
    }

    /// Forgets the declarations of elements deeper than `depth`.
    pub(super) fn leave(&mut self, depth: usize) {
        while let Some((_, prefix)) = self.declared.pop_if(|(declared, _)| *declared > depth) {
            if let Some(bound) = self.bound.get_mut(&prefix) {
                bound.pop();
            }
        }
    }

    fn prefixed<'a>(&mut self, name: &'a str, prefix: &str, builder: &mut Builder) -> Name<'a> {
        let namespace = match self.lookup(prefix) {
            0 if prefix == "xml" => {
                let namespace = builder.namespace(XML_NAMESPACE);
                self.bound.insert(prefix.to_owned(), vec![namespace]);
                namespace
            }
            0 => return Name::plain(name),
            namespace => namespace,
        };
        Name { text: name, prefix: prefix.len(), namespace }
    }

    fn lookup(&self, prefix: &str) -> u32 {
        self.bound.get(prefix).and_then(|bound| bound.last()).copied().unwrap_or(0)
    }
}

/// The prefix that an attribute with this name declares; such an attribute is no node.
pub(super) fn declared(name: &str) -> Option<&str> {
    match split(name) {
        None => (name == "xmlns").then_some(""),
        Some((prefix, local)) => (prefix == "xmlns").then_some(local),
    }
}

/// Whether a declaration declares nothing, because the recommendation forbids it.
fn is_void(prefix: &str, uri: &str) -> bool {
    matches!(prefix, "xml" | "xmlns")
        || matches!(uri, XML_NAMESPACE | XMLNS)
        || (!prefix.is_empty() && uri.is_empty())
}

/// Whether an attribute looks like a declaration and declares nothing: libxml does not even count it twice.
pub(super) fn is_void_declaration(name: &str, uri: &str) -> bool {
    declared(name).is_some_and(|prefix| is_void(prefix, uri))
}

/// The prefix and the local name, when both are names.
fn split(name: &str) -> Option<(&str, &str)> {
    let (prefix, local) = name.split_once(':')?;
    let proper = !prefix.is_empty() && !local.starts_with(':') && super::chars::name_length(local) > 0;
    proper.then_some((prefix, local))
}
