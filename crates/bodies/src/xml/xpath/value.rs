//! Values of expressions and the conversions between them.
//!
//! The node set of `//b` is true when it has a node, and its text is that of the first; a text is true when it is not
//! empty, a number when it is neither 0 nor NaN. Texts are slices of the document wherever possible.

use std::borrow::Cow;

use super::super::tree::{NodeId, Tree};
use super::number;

#[derive(Debug, Clone)]
pub(super) enum Value<'d> {
    /// In document order, each once.
    Nodes(Vec<NodeId>),
    Boolean(bool),
    Number(f64),
    Text(Cow<'d, str>),
}

impl<'v> Value<'v> {
    pub(super) fn into_boolean(self) -> bool {
        match self {
            Value::Nodes(nodes) => !nodes.is_empty(),
            Value::Boolean(boolean) => boolean,
            Value::Number(number) => number != 0.0 && !number.is_nan(),
            Value::Text(text) => !text.is_empty(),
        }
    }

    pub(super) fn into_number(self, tree: &Tree) -> f64 {
        match self {
            Value::Boolean(boolean) => f64::from(u8::from(boolean)),
            Value::Number(number) => number,
            nodes_or_text => number::from_text(&nodes_or_text.into_text(tree)),
        }
    }

    pub(super) fn into_text<'t>(self, tree: &'t Tree) -> Cow<'t, str>
    where
        'v: 't,
    {
        match self {
            Value::Nodes(nodes) => nodes.first().map_or("", |&node| tree.value(node)).into(),
            Value::Boolean(true) => "true".into(),
            Value::Boolean(false) => "false".into(),
            Value::Number(number) => number::to_text(number).into(),
            Value::Text(text) => text,
        }
    }
}
