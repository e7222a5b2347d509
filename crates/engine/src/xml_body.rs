//! An XML document that rules ask for its nodes.
//!
//! `/order/item` → the texts of the nodes it selects, evaluated once: most rules of a rule set ask for the same two expressions.
//! The bodies of requests and of answers have one each; the variables XML, REQUEST_XML and RESPONSE_XML show them.

use std::sync::Arc;

use portcullis_bodies::{XPath, XmlDocument};

use crate::arena::{Arena, Text};

/// A document, and what has been selected from it.
#[derive(Debug, Default)]
pub(crate) struct XmlBody {
    pub(crate) document: Option<XmlDocument>,
    selected: Vec<(Arc<XPath>, Vec<Text>)>,
}

impl XmlBody {
    /// Evaluates an expression unless that has been done; false when it cannot be.
    pub(crate) fn select(&mut self, path: &Arc<XPath>, arena: &mut Arena) -> bool {
        let Some(document) = &self.document else { return true };
        if self.selected.iter().any(|(known, _)| known == path) {
            return true;
        }
        let mut texts = Vec::new();
        let selected = path.select(document, &mut |text| texts.push(arena.push(text)));
        if selected.is_ok() {
            self.selected.push((Arc::clone(path), texts));
        }
        selected.is_ok()
    }

    /// What an expression has selected.
    pub(crate) fn texts(&self, path: &Arc<XPath>) -> &[Text] {
        let known = self.selected.iter().find(|(known, _)| known == path);
        known.map_or(&[], |(_, texts)| texts)
    }
}
