//! XML bodies and XPath over them (API only at this commit; parser and evaluator follow).

use thiserror::Error;

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
        Self { depth: 256, nodes: 1_000_000, expansion: 10_000_000 }
    }
}

/// The document is not well-formed or exceeds a limit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct XmlError {
    /// As v2 words it: `XML: Failed parsing document.`
    pub message: String,
    /// What was wrong, for the debug log.
    pub detail: String,
}

/// An expression cannot be compiled or evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct XPathError {
    /// For the person who wrote the rule.
    pub message: String,
}

/// A parsed document.
#[derive(Debug)]
pub struct XmlDocument;

impl XmlDocument {
    /// Parses a whole document.
    ///
    /// # Errors
    /// The document is not well-formed, or exceeds a limit.
    pub fn parse(_input: &[u8], _limits: &XmlLimits) -> Result<Self, XmlError> {
        Err(XmlError {
            message: "XML: Failed parsing document.".to_owned(),
            detail: "XML bodies are not read by this build".to_owned(),
        })
    }
}

/// A compiled XPath 1.0 expression.
#[derive(Debug, Clone)]
pub struct XPath;

impl XPath {
    /// Compiles an expression; `namespaces` are prefix and URI of the rule's `xmlns` actions.
    ///
    /// # Errors
    /// The expression is not XPath 1.0 or uses an undeclared prefix.
    pub fn compile(_expression: &str, _namespaces: &[(String, String)]) -> Result<Self, XPathError> {
        Err(XPathError { message: "XPath is not part of this build".to_owned() })
    }

    /// Hands the text of each node of the result to `each`, in document order.
    ///
    /// # Errors
    /// The evaluation took too many steps.
    pub fn select(&self, _document: &XmlDocument, _each: &mut dyn FnMut(&[u8])) -> Result<(), XPathError> {
        Err(XPathError { message: "XPath is not part of this build".to_owned() })
    }
}

/// Leaves of the document as arguments (`SecParseXmlIntoArgs`): `xml.root.child` and its text.
pub fn xml_leaves(_document: &XmlDocument, _each: &mut dyn FnMut(&[u8], &[u8]) -> std::ops::ControlFlow<()>) {
}
