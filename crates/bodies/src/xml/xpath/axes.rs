//! The axes: which nodes a step reaches from one node.
//!
//! `following-sibling::b` from a node walks from where its subtree ends to where that of its parent does, one subtree
//! at a time. Nodes lie in document order, so each axis is a range of indexes or a chain of parents. Every node passed
//! is a step of the budget.

use super::super::tree::{Kind, NodeId, Tree};
use super::XPathError;
use super::evaluate::Context;
use super::expression::{Axis, NodeTest, Step};

/// The nodes along an axis that pass the test, nearest first.
pub(super) fn reached(context: &Context<'_>, node: NodeId, step: &Step) -> Result<Vec<NodeId>, XPathError> {
    let (tree, axis) = (context.tree, step.axis);
    let mut found = Vec::new();
    let mut visit = |candidate: NodeId| {
        if is_on(axis, tree.kind(candidate) == Kind::Attribute, candidate == node)
            && passes(tree, candidate, axis, &step.test)
        {
            found.push(candidate);
        }
        context.budget.spend(1)
    };
    let attribute = |candidate: NodeId| tree.kind(candidate) == Kind::Attribute;
    match axis {
        Axis::Itself => visit(node)?,
        Axis::Parent => tree.parent(node).map_or(Ok(()), &mut visit)?,
        Axis::Ancestor => {
            std::iter::successors(tree.parent(node), |&up| tree.parent(up)).try_for_each(visit)?;
        }
        Axis::AncestorOrSelf => {
            std::iter::successors(Some(node), |&up| tree.parent(up)).try_for_each(visit)?;
        }
        Axis::Attribute => tree.attributes(node).try_for_each(visit)?,
        Axis::DescendantAttribute => {
            (node..tree.end(node)).filter(|&n| n != node || !attribute(n)).try_for_each(visit)?;
        }
        Axis::Descendant => (node + 1..tree.end(node)).try_for_each(visit)?,
        Axis::DescendantOrSelf => (node..tree.end(node)).try_for_each(visit)?,
        Axis::Child => siblings(tree, first_child(context, node)?, tree.end(node)).try_for_each(visit)?,
        Axis::FollowingSibling if attribute(node) => {}
        Axis::FollowingSibling => {
            let end = tree.parent(node).map_or(0, |parent| tree.end(parent));
            siblings(tree, tree.end(node), end).try_for_each(visit)?;
        }
        Axis::PrecedingSibling if attribute(node) => {}
        Axis::PrecedingSibling => {
            let first = tree.parent(node).map_or(Ok(node), |parent| first_child(context, parent))?;
            let before: Vec<NodeId> = siblings(tree, first, node).collect();
            context.budget.spend(before.len())?;
            before.into_iter().rev().try_for_each(visit)?;
        }
        Axis::Following => (tree.end(node)..tree.len()).try_for_each(visit)?,
        Axis::Preceding => {
            // What ends behind the node is around it.
            (1..node).rev().filter(|&before| tree.end(before) <= node).try_for_each(visit)?;
        }
    }
    Ok(found)
}

/// Where the children begin, after the attributes.
fn first_child(context: &Context<'_>, node: NodeId) -> Result<NodeId, XPathError> {
    let attributes = context.tree.attributes(node);
    context.budget.spend(attributes.len())?;
    Ok(attributes.end)
}

/// Nodes from `first`, each after the subtree of the one before, up to `end`.
fn siblings(tree: &Tree, first: NodeId, end: NodeId) -> impl Iterator<Item = NodeId> {
    std::iter::successors(Some(first), |&node| Some(tree.end(node))).take_while(move |&node| node < end)
}

fn passes(tree: &Tree, node: NodeId, axis: Axis, test: &NodeTest) -> bool {
    let kind = tree.kind(node);
    let named = kind == if axis.is_attribute() { Kind::Attribute } else { Kind::Element };
    match test {
        NodeTest::Any => named,
        NodeTest::Namespace(uri) => named && tree.namespace(node) == uri,
        NodeTest::Name(uri, local) => named && tree.local_name(node) == local && tree.namespace(node) == uri,
        NodeTest::Node => true,
        NodeTest::Text => kind == Kind::Text,
        NodeTest::Comment => kind == Kind::Comment,
        NodeTest::Instruction(target) => {
            kind == Kind::Instruction && target.as_ref().is_none_or(|target| tree.name(node) == target)
        }
    }
}

/// Attributes are met on the way along most axes, and are on few of them.
fn is_on(axis: Axis, attribute: bool, context: bool) -> bool {
    match axis {
        Axis::Attribute | Axis::DescendantAttribute => attribute,
        _ => !attribute || context,
    }
}
