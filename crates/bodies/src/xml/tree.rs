//! A document as a list of nodes in document order, over one text.
//!
//! `<a x="1">p<b>q</b>r</a>` → root, `a`, its attribute, `p`, `b`, `q`, `r`; the text is `pqr`, and the text of `a` is a
//! slice of it, as that of every element: asking for it costs nothing. A node knows its parent and where its subtree
//! ends, so every axis is a walk over indexes. The parser builds the tree through [`Builder`]; XPath reads it.
//! Adjacent CDATA sections are one text and other adjacent characters another, as in libxml.

use std::ops::Range;

/// An index into the nodes; the root is 0.
pub(super) type NodeId = u32;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Element,
    Attribute,
    Text,
    Comment,
    Instruction,
}

#[derive(Debug)]
struct Node {
    kind: Kind,
    /// Bytes of the prefix in `name`, without its colon.
    prefix: u16,
    /// Which namespace; 0 is none.
    namespace: u32,
    parent: NodeId,
    /// One past the last node of the subtree.
    end: NodeId,
    /// The name, among the names.
    name: (u32, u32),
    /// The value: of root, elements and texts in the text, of the others among the values.
    value: (u32, u32),
}

/// A finished document.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The characters of all elements, in order.
    text: String,
    /// Values of attributes, comments and instructions.
    values: String,
    names: String,
    namespaces: Vec<String>,
}

impl Tree {
    pub(super) fn len(&self) -> NodeId {
        self.nodes.len() as NodeId
    }

    pub(super) fn kind(&self, node: NodeId) -> Kind {
        self.get(node).map_or(Kind::Root, |node| node.kind)
    }

    pub(super) fn parent(&self, node: NodeId) -> Option<NodeId> {
        if node == 0 { None } else { self.get(node).map(|node| node.parent) }
    }

    /// One past the last node of the subtree.
    pub(super) fn end(&self, node: NodeId) -> NodeId {
        self.get(node).map_or(node + 1, |node| node.end)
    }

    /// The string value: for an element all characters inside it.
    pub(super) fn value(&self, node: NodeId) -> &str {
        let Some(node) = self.get(node) else { return "" };
        let source = match node.kind {
            Kind::Root | Kind::Element | Kind::Text => &self.text,
            Kind::Attribute | Kind::Comment | Kind::Instruction => &self.values,
        };
        slice(source, node.value)
    }

    /// The name with its prefix.
    pub(super) fn name(&self, node: NodeId) -> &str {
        self.get(node).map_or("", |node| slice(&self.names, node.name))
    }

    /// The name without its prefix.
    pub(super) fn local_name(&self, node: NodeId) -> &str {
        let prefix = self.get(node).map_or(0, |node| usize::from(node.prefix));
        let name = self.name(node);
        if prefix == 0 { name } else { name.get(prefix + 1..).unwrap_or(name) }
    }

    /// The URI of the name's namespace, or nothing.
    pub(super) fn namespace(&self, node: NodeId) -> &str {
        let index = self.get(node).map_or(0, |node| node.namespace as usize);
        self.namespaces.get(index).map_or("", String::as_str)
    }

    /// Attributes of an element.
    pub(super) fn attributes(&self, element: NodeId) -> Range<NodeId> {
        let first = element + 1;
        let mut end = first;
        while self.get(end).is_some_and(|node| node.kind == Kind::Attribute && node.parent == element) {
            end += 1;
        }
        first..end
    }

    fn get(&self, node: NodeId) -> Option<&Node> {
        self.nodes.get(node as usize)
    }
}

fn slice(text: &str, (from, to): (u32, u32)) -> &str {
    text.get(from as usize..to as usize).unwrap_or_default()
}

/// What may be added to the last node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growing {
    Nothing,
    Characters,
    /// Another CDATA section, as in libxml.
    Cdata,
}

/// A document that is being read.
#[derive(Debug)]
pub(super) struct Builder {
    tree: Tree,
    /// The root and the open elements.
    open: Vec<NodeId>,
    growing: Growing,
    limit: usize,
}

/// A name and its namespace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    /// Bytes of the prefix, when it is bound to the namespace.
    pub(super) prefix: usize,
    pub(super) namespace: u32,
}

impl<'a> Name<'a> {
    /// A name in no namespace.
    pub(super) fn plain(text: &'a str) -> Self {
        Self { text, prefix: 0, namespace: 0 }
    }
}

impl Builder {
    /// An empty document of at most `limit` nodes.
    pub(super) fn new(limit: usize) -> Self {
        let tree = Tree {
            nodes: Vec::new(),
            text: String::new(),
            values: String::new(),
            names: String::new(),
            namespaces: vec![String::new()],
        };
        let mut builder = Self { tree, open: vec![0], growing: Growing::Nothing, limit };
        // The root has room under any limit: its index is what every other node refers to.
        builder.push(Kind::Root, Name::plain(""), (0, 0));
        builder
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len() - 1
    }

    /// The name of the innermost open element.
    pub(super) fn open_name(&self) -> &str {
        self.open.last().map_or("", |&node| self.tree.name(node))
    }

    /// A number for a namespace URI; equal URIs may have several.
    pub(super) fn namespace(&mut self, uri: &str) -> u32 {
        if uri.is_empty() {
            return 0;
        }
        self.tree.namespaces.push(uri.to_owned());
        self.tree.namespaces.len() as u32 - 1
    }

    /// False when there is no room for the node, here and below.
    #[must_use]
    pub(super) fn start_element(&mut self, name: Name<'_>) -> bool {
        let at = self.tree.text.len() as u32;
        let node = self.tree.len();
        let added = self.push(Kind::Element, name, (at, at));
        self.open.push(node);
        added
    }

    /// Must follow the start of its element or another of its attributes.
    #[must_use]
    pub(super) fn attribute(&mut self, name: Name<'_>, value: &str) -> bool {
        self.push_value(Kind::Attribute, name, value)
    }

    #[must_use]
    pub(super) fn comment(&mut self, text: &str) -> bool {
        self.push_value(Kind::Comment, Name::plain(""), text)
    }

    #[must_use]
    pub(super) fn instruction(&mut self, target: &str, text: &str) -> bool {
        self.push_value(Kind::Instruction, Name::plain(target), text)
    }

    /// Characters; they continue those before.
    #[must_use]
    pub(super) fn characters(&mut self, text: &str) -> bool {
        text.is_empty() || self.text(Growing::Characters, text)
    }

    /// A CDATA section: a text apart from other characters, even when empty.
    #[must_use]
    pub(super) fn cdata(&mut self, text: &str) -> bool {
        self.text(Growing::Cdata, text)
    }

    /// What follows is not part of the text before.
    pub(super) fn break_text(&mut self) {
        self.growing = Growing::Nothing;
    }

    /// Ends the innermost element.
    pub(super) fn end_element(&mut self) {
        self.growing = Growing::Nothing;
        if self.depth() > 0
            && let Some(node) = self.open.pop()
        {
            self.close(node);
        }
    }

    /// Ends every element that is open.
    pub(super) fn finish(mut self) -> Tree {
        while let Some(node) = self.open.pop() {
            self.close(node);
        }
        self.tree
    }

    fn close(&mut self, node: NodeId) {
        let (end, to) = (self.tree.len(), self.tree.text.len() as u32);
        if let Some(node) = self.tree.nodes.get_mut(node as usize) {
            node.end = end;
            node.value.1 = to;
        }
    }

    /// Adds to the last node when it is of this kind, or begins another.
    fn text(&mut self, kind: Growing, text: &str) -> bool {
        let from = self.tree.text.len() as u32;
        let added = self.growing == kind || self.push(Kind::Text, Name::plain(""), (from, from));
        self.growing = kind;
        self.tree.text.push_str(text);
        let to = self.tree.text.len() as u32;
        if let Some(node) = self.tree.nodes.last_mut().filter(|_| added) {
            node.value.1 = to;
        }
        added
    }

    fn push_value(&mut self, kind: Kind, name: Name<'_>, value: &str) -> bool {
        let from = self.tree.values.len() as u32;
        self.tree.values.push_str(value);
        self.push(kind, name, (from, self.tree.values.len() as u32))
    }

    fn push(&mut self, kind: Kind, name: Name<'_>, value: (u32, u32)) -> bool {
        self.growing = Growing::Nothing;
        let index = self.tree.len();
        if index > 0 && self.tree.nodes.len() > self.limit {
            return false;
        }
        let from = self.tree.names.len() as u32;
        self.tree.names.push_str(name.text);
        self.tree.nodes.push(Node {
            kind,
            prefix: u16::try_from(name.prefix).unwrap_or(0),
            namespace: name.namespace,
            parent: self.open.last().copied().unwrap_or(0),
            end: index + 1,
            name: (from, self.tree.names.len() as u32),
            value,
        });
        true
    }
}
