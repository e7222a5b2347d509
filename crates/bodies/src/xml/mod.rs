//! XML bodies and XPath over them.
//!
//! `<a x="1">p<b>q</b></a>`: `/*` selects `pq`, `//@*` selects `1`. The engine parses a body once it is complete
//! ([`XmlDocument::parse`]) and evaluates the expression of each `XML:` target, compiled with its rule
//! ([`XPath::compile`]). Verdicts and values are those of libxml2 2.9.14 as the reference engine drives it: push
//! parser, no validation, entities left as references. quick-xml cuts the tokens, everything else is ours, because
//! libxml's tree of a broken document is inspected too and roxmltree keeps none, and because roxmltree refuses
//! documents with undeclared prefixes, which libxml reads.
//!
//! Memory and time are linear in the body: entities expand within [`XmlLimits::expansion`], nothing recurses on
//! client data, no external entity, document type or schema is ever loaded. Known differences to libxml:
//! - elements, texts and comments inside an entity are ordinary nodes (libxml hides them from all but the text of the
//!   elements around the reference), and comments and instructions right inside an entity are not part of that text;
//! - an entity that was first used in an attribute default still has its text;
//! - defaults of `<!ATTLIST` are attributes; comments and instructions inside a document type are no nodes;
//! - a parameter entity inside a declaration of another parameter entity is an error, and so is an undeclared entity
//!   inside an entity, which libxml overlooks when the entity was used in an attribute value first;
//! - entities expand to 10 MB, where libxml allows ten times the document; texts may be longer than 10 MB;
//! - of a broken document the last text or tag may be present here and missing there, or the other way round;
//! - encodings: see [`encoding`].

mod attributes;
mod chars;
mod dtd;
mod encoding;
mod entities;
mod leaves;
mod namespaces;
mod parse;
mod scanner;
mod tree;
mod xpath;

#[cfg(test)]
mod tests;

use thiserror::Error;

pub use leaves::xml_leaves;
pub use xpath::{XPath, XPathError};

/// What is wrong with a document.
type Fault = &'static str;

/// What the prefix `xml` is bound to.
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// How deep entities may refer to each other, as in libxml.
const MAX_ENTITY_DEPTH: usize = 40;

/// Limits of one XML document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XmlLimits {
    /// The deepest nesting of elements.
    pub depth: usize,
    /// The most nodes: elements, attributes, texts, comments, processing instructions.
    pub nodes: usize,
    /// The most bytes of text that entities may expand to.
    pub expansion: usize,
}

impl Default for XmlLimits {
    fn default() -> Self {
        // libxml counts to 256 before it looks.
        Self { depth: 257, nodes: 1_000_000, expansion: 10_000_000 }
    }
}

/// The document is not well-formed or exceeds a limit.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct XmlError {
    /// As v2 words it: `XML: Failed parsing document.`
    pub message: String,
    /// What was wrong, for the debug log.
    pub detail: String,
    /// The body ended too early: v2 finds that out when there is no more to read.
    pub premature: bool,
    /// What could be read before the error; v2 inspects it.
    pub document: Option<Box<XmlDocument>>,
}

/// A parsed document.
#[derive(Debug)]
pub struct XmlDocument {
    tree: tree::Tree,
}

impl XmlDocument {
    /// Parses a whole document.
    ///
    /// # Errors
    /// The document is not well-formed, or exceeds a limit.
    pub fn parse(input: &[u8], limits: &XmlLimits) -> Result<Self, XmlError> {
        match parse::parse(input, limits) {
            Ok(tree) => Ok(Self { tree }),
            Err((fault, tree)) => Err(XmlError {
                message: "XML: Failed parsing document.".to_owned(),
                detail: fault.to_owned(),
                premature: parse::is_premature(fault),
                document: tree.map(|tree| Box::new(Self { tree: *tree })),
            }),
        }
    }
}
