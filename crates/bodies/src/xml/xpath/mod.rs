//! XPath 1.0 over a parsed document.
//!
//! `//user[@role='admin']/name` compiles to a tree of steps and selects the text of each `name`. Text → tokens
//! ([`lexer`]) → expression ([`parser`]) → node set ([`evaluate`]). The whole of XPath 1.0 is there but for variables,
//! the namespace axis and `id()`, which are compile errors: there is nothing to bind a variable to, a declaration is no
//! value anybody inspects, and identifiers need a validated document. An expression that is no node set compiles and
//! selects nothing, as in v2. Prefixes are those of the rule's `xmlns` actions, and `xml`.
//!
//! The rule's author bounds the depth of an expression, the client the size of the document: evaluation takes steps
//! linear in the document, and is given up with an error when an expression needs more ([`evaluate::Budget`]).

mod axes;
mod compare;
mod evaluate;
mod expression;
mod functions;
mod lexer;
mod number;
mod parser;
mod path;
mod value;

use thiserror::Error;

use self::expression::Expression;
use super::XmlDocument;

/// An expression cannot be compiled or evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct XPathError {
    /// For the person who wrote the rule.
    pub message: String,
}

impl XPathError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// A compiled XPath 1.0 expression. Equal ones select the same nodes of every document.
#[derive(Debug, Clone, PartialEq)]
pub struct XPath {
    expression: Expression,
}

impl XPath {
    /// Compiles an expression; `namespaces` are prefix and URI of the rule's `xmlns` actions.
    ///
    /// # Errors
    /// The expression is not XPath 1.0, uses an undeclared prefix, or something that is left out.
    pub fn compile(expression: &str, namespaces: &[(String, String)]) -> Result<Self, XPathError> {
        let expression = parser::parse(expression, namespaces)?;
        Ok(Self { expression })
    }

    /// Hands the text of each node of the result to `each`, in document order.
    ///
    /// # Errors
    /// The evaluation took too many steps.
    pub fn select(&self, document: &XmlDocument, each: &mut dyn FnMut(&[u8])) -> Result<(), XPathError> {
        for node in evaluate::nodes(&self.expression, &document.tree)? {
            each(document.tree.value(node).as_bytes());
        }
        Ok(())
    }
}
