//! The leaves of a document as arguments (`SecParseXmlIntoArgs`).
//!
//! `<a><b>1</b><p:c x="2"/></a>` → `xml.a.b` = `1`, `xml.a.c` = ``. An element without elements inside is a leaf, its
//! name is made of the local names on the way to it, its value of all characters in it; attributes are left out.
//! Names repeat their path, so the bytes copied into them are budgeted: a deep document of many leaves is cut off.

use std::ops::ControlFlow;

use super::XmlDocument;
use super::tree::{Kind, NodeId, Tree};
use crate::Each;

/// Bytes of names per node that may be copied.
const BYTES_PER_NODE: usize = 256;
/// The same allowance for every document.
const BYTES_ANYWAY: usize = 1 << 20;

/// Hands each leaf to `each`, in document order. Breaks when `each` does, or when the names have become too long.
pub fn xml_leaves(document: &XmlDocument, each: Each<'_>) -> ControlFlow<()> {
    let tree = &document.tree;
    let mut budget = BYTES_ANYWAY + BYTES_PER_NODE * tree.len() as usize;
    let mut path = String::from("xml");
    // Where each open element ends, and where the path of its parent does.
    let mut open: Vec<(NodeId, usize)> = Vec::new();
    for node in (0..tree.len()).filter(|&node| tree.kind(node) == Kind::Element) {
        while let Some((_, parent)) = open.pop_if(|(end, _)| *end <= node) {
            path.truncate(parent);
        }
        open.push((tree.end(node), path.len()));
        path.push('.');
        path.push_str(tree.local_name(node));
        if is_leaf(tree, node) {
            budget = match budget.checked_sub(path.len()) {
                Some(left) => left,
                None => return ControlFlow::Break(()),
            };
            each(path.as_bytes(), tree.value(node).as_bytes())?;
        }
    }
    ControlFlow::Continue(())
}

fn is_leaf(tree: &Tree, node: NodeId) -> bool {
    // The first element inside an element is a child of it.
    !(node + 1..tree.end(node)).any(|inside| tree.kind(inside) == Kind::Element)
}

#[cfg(test)]
mod tests {
    use super::super::XmlLimits;
    use super::*;

    fn leaves(text: &str) -> Vec<String> {
        let document = XmlDocument::parse(text.as_bytes(), &XmlLimits::default()).unwrap();
        let mut found = Vec::new();
        let _ = xml_leaves(&document, &mut |name, value| {
            found.push(format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
            ControlFlow::Continue(())
        });
        found
    }

    #[test]
    fn paths_follow_the_tree() {
        assert_eq!(
            leaves("<a>t<b>1<!--c-->2</b><p:c xmlns:p='u' x='2'/><d><e>3</e><e/></d>u</a>"),
            ["xml.a.b=12", "xml.a.c=", "xml.a.d.e=3", "xml.a.d.e="]
        );
        assert_eq!(leaves("<a/>"), ["xml.a="]);
    }

    #[test]
    fn long_names_are_cut_off() {
        let name = "n".repeat(40_000);
        let text = format!("<{name}>{}</{name}>", "<b/>".repeat(1000));
        assert!(leaves(&text).len() < 1000);
    }
}
