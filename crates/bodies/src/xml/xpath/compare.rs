//! Comparisons, where a node set stands for each of its texts.
//!
//! `//b = 'x'` holds when any `b` has the text `x`, and so may `//b != 'x'` at the same time; `//b < 3` looks at numbers.
//! Two node sets are compared in linear time: equality by a table of the texts, order by the least and the greatest
//! number. (XPath 1.0, section 3.4)

use super::super::tree::NodeId;
use super::XPathError;
use super::evaluate::Context;
use super::expression::Comparison;
use super::value::Value;

/// Whether a comparison holds.
pub(super) fn compare(
    context: &Context<'_>,
    comparison: Comparison,
    left: Value<'_>,
    right: Value<'_>,
) -> Result<bool, XPathError> {
    Ok(match (left, right) {
        (Value::Nodes(left), Value::Nodes(right)) => compare_sets(context, comparison, &left, &right)?,
        (Value::Nodes(nodes), other) => compare_set(context, comparison, &nodes, other)?,
        (other, Value::Nodes(nodes)) => compare_set(context, mirrored(comparison), &nodes, other)?,
        (left, right) => compare_values(context, comparison, left, right),
    })
}

fn compare_values<'d>(
    context: &Context<'d>,
    comparison: Comparison,
    left: Value<'d>,
    right: Value<'d>,
) -> bool {
    if matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
        let equal = match (&left, &right) {
            (Value::Boolean(_), _) | (_, Value::Boolean(_)) => left.into_boolean() == right.into_boolean(),
            (Value::Number(_), _) | (_, Value::Number(_)) => {
                left.into_number(context.tree) == right.into_number(context.tree)
            }
            _ => left.into_text(context.tree) == right.into_text(context.tree),
        };
        return equal == (comparison == Comparison::Equal);
    }
    holds(comparison, left.into_number(context.tree), right.into_number(context.tree))
}

fn compare_set(
    context: &Context<'_>,
    comparison: Comparison,
    nodes: &[NodeId],
    other: Value<'_>,
) -> Result<bool, XPathError> {
    if let Value::Boolean(_) = other {
        return Ok(compare_values(context, comparison, Value::Boolean(!nodes.is_empty()), other));
    }
    for &node in nodes {
        let text = context.tree.value(node);
        context.budget.spend(text.len())?;
        if compare_values(context, comparison, Value::Text(text.into()), other.clone()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the comparison holds for a node of each set, in linear time.
fn compare_sets(
    context: &Context<'_>,
    comparison: Comparison,
    left: &[NodeId],
    right: &[NodeId],
) -> Result<bool, XPathError> {
    let texts = |nodes: &[NodeId]| nodes.iter().map(|&node| context.tree.value(node)).collect::<Vec<&str>>();
    let (left, right) = (texts(left), texts(right));
    context.budget.spend(left.iter().chain(&right).map(|text| text.len() + 1).sum())?;
    let numbers = |texts: &[&str]| {
        let known = texts.iter().map(|text| super::number::from_text(text)).filter(|number| !number.is_nan());
        known.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), number| {
            (number.min(least), number.max(most))
        })
    };
    Ok(match comparison {
        Comparison::Equal => {
            let known: std::collections::HashSet<&str> = left.into_iter().collect();
            right.iter().any(|text| known.contains(text))
        }
        // Two texts differ unless all are the same.
        Comparison::NotEqual => match (left.first(), right.first()) {
            (Some(first), Some(_)) => left.iter().chain(&right).any(|text| text != first),
            _ => false,
        },
        Comparison::Less | Comparison::LessOrEqual => holds(comparison, numbers(&left).0, numbers(&right).1),
        Comparison::Greater | Comparison::GreaterOrEqual => {
            holds(comparison, numbers(&left).1, numbers(&right).0)
        }
    })
}

fn holds(comparison: Comparison, left: f64, right: f64) -> bool {
    match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
    }
}

/// The comparison with its sides exchanged.
fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}
