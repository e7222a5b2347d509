//! The core functions of XPath 1.0.
//!
//! `substring("12345", 2, 3)` is `234`; `normalize-space(' a  b ')` is `a b`. Positions count characters from 1.
//! Arguments are evaluated here; their number and whether they are node sets was checked by the parser.

use std::borrow::Cow;

use super::super::XML_NAMESPACE;
use super::super::tree::NodeId;
use super::XPathError;
use super::evaluate::Context;
use super::expression::{Expression, Function};
use super::number;
use super::value::Value;

/// Calls a function with its arguments.
pub(super) fn call<'d, 'e: 'd>(
    function: Function,
    arguments: &'e [Expression],
    context: &Context<'d>,
) -> Result<Value<'d>, XPathError> {
    let call = Call { arguments, context };
    let tree = context.tree;
    Ok(match function {
        Function::Last => Value::Number(context.size as f64),
        Function::Position => Value::Number(context.position as f64),
        Function::Count => Value::Number(call.nodes(0)?.len() as f64),
        Function::LocalName => call.of_first(|node| tree.local_name(node))?,
        Function::NamespaceUri => call.of_first(|node| tree.namespace(node))?,
        Function::Name => call.of_first(|node| tree.name(node))?,
        Function::StringOf => Value::Text(call.text(0)?),
        Function::Concat => {
            let mut joined = String::new();
            for index in 0..arguments.len() {
                joined.push_str(&call.text(index)?);
            }
            Value::Text(joined.into())
        }
        Function::StartsWith => Value::Boolean(call.text(0)?.starts_with(&*call.text(1)?)),
        Function::Contains => Value::Boolean(find(&call.text(0)?, &call.text(1)?).is_some()),
        Function::SubstringBefore => {
            let text = call.text(0)?;
            let at = find(&text, &call.text(1)?).unwrap_or(0);
            Value::Text(part(text, 0, at))
        }
        Function::SubstringAfter => {
            let (text, needle) = (call.text(0)?, call.text(1)?);
            let at = find(&text, &needle).map_or(text.len(), |at| at + needle.len());
            let end = text.len();
            Value::Text(part(text, at, end))
        }
        Function::Substring => {
            let text = call.text(0)?;
            let length = if arguments.len() > 2 { Some(call.number(2)?) } else { None };
            let (from, to) = substring(&text, call.number(1)?, length);
            Value::Text(part(text, from, to))
        }
        Function::StringLength => Value::Number(call.text(0)?.chars().count() as f64),
        Function::NormalizeSpace => {
            let text = call.text(0)?;
            let words = text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
            Value::Text(words.collect::<Vec<&str>>().join(" ").into())
        }
        Function::Translate => Value::Text(translate(&call.text(0)?, &call.text(1)?, &call.text(2)?).into()),
        Function::BooleanOf => Value::Boolean(call.boolean(0)?),
        Function::Not => Value::Boolean(!call.boolean(0)?),
        Function::True => Value::Boolean(true),
        Function::False => Value::Boolean(false),
        Function::Lang => Value::Boolean(speaks(context, &call.text(0)?)?),
        Function::NumberOf if arguments.is_empty() => Value::Number(number::from_text(&call.text(0)?)),
        Function::NumberOf => Value::Number(call.number(0)?),
        Function::Sum => {
            let nodes = call.nodes(0)?;
            context.budget.spend(nodes.iter().map(|&node| tree.value(node).len()).sum())?;
            Value::Number(nodes.into_iter().map(|node| number::from_text(tree.value(node))).sum())
        }
        Function::Floor => Value::Number(call.number(0)?.floor()),
        Function::Ceiling => Value::Number(call.number(0)?.ceil()),
        Function::Round => Value::Number(number::round(call.number(0)?)),
    })
}

struct Call<'c, 'd, 'e> {
    arguments: &'e [Expression],
    context: &'c Context<'d>,
}

impl<'d, 'e: 'd> Call<'_, 'd, 'e> {
    /// The value of an argument; that of the context node where it is left out.
    fn value(&self, index: usize) -> Result<Value<'d>, XPathError> {
        match self.arguments.get(index) {
            Some(argument) => self.context.evaluate(argument),
            None => Ok(Value::Nodes(self.context.node.into_iter().collect())),
        }
    }

    fn nodes(&self, index: usize) -> Result<Vec<NodeId>, XPathError> {
        match self.value(index)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Ok(Vec::new()),
        }
    }

    fn boolean(&self, index: usize) -> Result<bool, XPathError> {
        Ok(self.value(index)?.into_boolean())
    }

    fn number(&self, index: usize) -> Result<f64, XPathError> {
        Ok(self.value(index)?.into_number(self.context.tree))
    }

    fn text(&self, index: usize) -> Result<Cow<'d, str>, XPathError> {
        let text = self.value(index)?.into_text(self.context.tree);
        self.context.budget.spend(text.len())?;
        Ok(text)
    }

    /// Something of the first node of the argument or of the context.
    fn of_first(&self, name: impl Fn(NodeId) -> &'d str) -> Result<Value<'d>, XPathError> {
        Ok(Value::Text(self.nodes(0)?.first().map_or("", |&node| name(node)).into()))
    }
}

fn find(text: &str, needle: &str) -> Option<usize> {
    memchr::memmem::find(text.as_bytes(), needle.as_bytes())
}

/// A slice of a text, without copying what belongs to the document.
fn part(text: Cow<'_, str>, from: usize, to: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => text.get(from..to).unwrap_or_default().into(),
        Cow::Owned(text) => text.get(from..to).unwrap_or_default().to_owned().into(),
    }
}

/// The bytes of the characters at the rounded positions `start` up to `start + length`.
fn substring(text: &str, start: f64, length: Option<f64>) -> (usize, usize) {
    let first = number::round(start);
    let end = length.map_or(f64::INFINITY, |length| first + number::round(length));
    let mut chars = text.char_indices().zip(1_u32..).filter(|(_, position)| {
        // Comparing with NaN is false, so NaN selects nothing.
        let position = f64::from(*position);
        position >= first && position < end
    });
    let Some(((from, one), _)) = chars.next() else { return (0, 0) };
    let to = chars.last().map_or(from + one.len_utf8(), |((at, c), _)| at + c.len_utf8());
    (from, to)
}

/// Each character of `from` becomes the one at its place in `to`, or nothing.
fn translate(text: &str, from: &str, to: &str) -> String {
    let mut table = std::collections::HashMap::new();
    let mut to = to.chars();
    for c in from.chars() {
        let replacement = to.next();
        table.entry(c).or_insert(replacement);
    }
    text.chars().filter_map(|c| table.get(&c).copied().unwrap_or(Some(c))).collect()
}

/// Whether the nearest `xml:lang` around the context is `language`, or begins with it and a hyphen.
fn speaks(context: &Context<'_>, language: &str) -> Result<bool, XPathError> {
    let tree = context.tree;
    let mut around = context.node;
    while let Some(node) = around {
        let mut attributes = tree.attributes(node);
        context.budget.spend(1 + attributes.len())?;
        let declared = attributes.find(|&attribute| {
            tree.local_name(attribute) == "lang" && tree.namespace(attribute) == XML_NAMESPACE
        });
        if let Some(attribute) = declared {
            let found = tree.value(attribute);
            let start = found.get(..language.len()).unwrap_or_default();
            let rest = found.get(language.len()..).unwrap_or_default();
            return Ok(start.eq_ignore_ascii_case(language) && (rest.is_empty() || rest.starts_with('-')));
        }
        around = tree.parent(node);
    }
    Ok(false)
}
