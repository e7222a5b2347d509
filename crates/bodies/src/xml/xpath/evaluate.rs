//! Evaluating an expression over a document.
//!
//! `//a[b]/@c` walks the descendants of the root, keeps each `a` with a child `b`, and takes their attributes `c`.
//! A node set is a list of indexes in document order. Every node an axis passes and every byte a comparison reads is a
//! step of the budget, which grows with the document: expressions that relate all nodes to all others are given up on
//! large documents, with an error that v2 words as `XML: Unable to evaluate xpath expression.`

use std::cell::Cell;

use super::super::tree::{NodeId, Tree};
use super::XPathError;
use super::axes;
use super::compare::compare;
use super::expression::{Axis, Expression, Operation, Path, Start, Step};
use super::functions;
use super::value::Value;

/// Steps per node and byte of the document.
const STEPS_PER_UNIT: usize = 32;
/// The same allowance for every document.
const STEPS_ANYWAY: usize = 1_000_000;

/// The nodes that an expression selects; none when it is no node set.
pub(super) fn nodes(expression: &Expression, tree: &Tree) -> Result<Vec<NodeId>, XPathError> {
    let budget = Budget::new(tree);
    let context = Context { tree, budget: &budget, node: None, position: 1, size: 1 };
    match context.evaluate(expression)? {
        Value::Nodes(nodes) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

/// How many steps an evaluation may still take.
#[derive(Debug)]
pub(super) struct Budget(Cell<usize>);

impl Budget {
    fn new(tree: &Tree) -> Self {
        let units = tree.len() as usize + tree.value(0).len();
        Self(Cell::new(units.saturating_mul(STEPS_PER_UNIT).saturating_add(STEPS_ANYWAY)))
    }

    /// Takes some steps.
    pub(super) fn spend(&self, steps: usize) -> Result<(), XPathError> {
        match self.0.get().checked_sub(steps) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(XPathError::new("the expression takes too many steps on this document")),
        }
    }
}

/// Where an expression is evaluated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'d> {
    pub(super) tree: &'d Tree,
    pub(super) budget: &'d Budget,
    /// None around the whole expression: v2 gives it no context, so a path that begins there selects nothing.
    pub(super) node: Option<NodeId>,
    pub(super) position: usize,
    pub(super) size: usize,
}

type Evaluated<'d> = Result<Value<'d>, XPathError>;

impl<'d> Context<'d> {
    // The depth of the recursion is that of the expression, which the parser limits.
    pub(super) fn evaluate<'e: 'd>(&self, expression: &'e Expression) -> Evaluated<'d> {
        Ok(match expression {
            Expression::Or(a, b) => {
                Value::Boolean(self.evaluate(a)?.into_boolean() || self.evaluate(b)?.into_boolean())
            }
            Expression::And(a, b) => {
                Value::Boolean(self.evaluate(a)?.into_boolean() && self.evaluate(b)?.into_boolean())
            }
            Expression::Compare(comparison, a, b) => {
                Value::Boolean(compare(self, *comparison, self.evaluate(a)?, self.evaluate(b)?)?)
            }
            Expression::Calculate(operation, a, b) => {
                Value::Number(calculate(*operation, self.number(a)?, self.number(b)?))
            }
            Expression::Negate(a) => Value::Number(-self.number(a)?),
            Expression::Union(a, b) => {
                let mut nodes = self.node_set(a)?;
                nodes.append(&mut self.node_set(b)?);
                self.budget.spend(nodes.len())?;
                nodes.sort_unstable();
                nodes.dedup();
                Value::Nodes(nodes)
            }
            Expression::Path(path) => Value::Nodes(self.path(path)?),
            Expression::Text(text) => Value::Text(text.as_str().into()),
            Expression::Number(number) => Value::Number(*number),
            Expression::Call(function, arguments) => functions::call(*function, arguments, self)?,
        })
    }

    pub(super) fn number<'e: 'd>(&self, expression: &'e Expression) -> Result<f64, XPathError> {
        let value = self.evaluate(expression)?;
        if let Value::Nodes(nodes) = &value {
            self.budget.spend(nodes.first().map_or(0, |&node| self.tree.value(node).len()))?;
        }
        Ok(value.into_number(self.tree))
    }

    pub(super) fn node_set<'e: 'd>(&self, expression: &'e Expression) -> Result<Vec<NodeId>, XPathError> {
        match self.evaluate(expression)? {
            Value::Nodes(nodes) => Ok(nodes),
            // The parser has checked the type.
            _ => Ok(Vec::new()),
        }
    }

    fn path<'e: 'd>(&self, path: &'e Path) -> Result<Vec<NodeId>, XPathError> {
        let mut nodes = match &path.start {
            Start::Root => vec![0],
            Start::Context => self.node.into_iter().collect(),
            Start::Nodes(expression, predicates) => {
                let mut nodes = self.node_set(expression)?;
                for predicate in predicates {
                    nodes = self.filter(nodes, predicate)?;
                }
                nodes
            }
        };
        for step in &path.steps {
            nodes = self.step(&nodes, step)?;
        }
        Ok(nodes)
    }

    /// The nodes that a step reaches from any of `from`.
    fn step<'e: 'd>(&self, from: &[NodeId], step: &'e Step) -> Result<Vec<NodeId>, XPathError> {
        let mut reached: Vec<NodeId> = Vec::new();
        // Without positions, descendants of a node that were reached from one around it need no second walk.
        let once = !step.predicates.iter().any(Expression::is_positional);
        let mut covered = 0;
        for &node in from {
            let descends =
                matches!(step.axis, Axis::Descendant | Axis::DescendantOrSelf | Axis::DescendantAttribute);
            if once && descends {
                if node < covered {
                    continue;
                }
                covered = self.tree.end(node);
            }
            let mut found = axes::reached(self, node, step)?;
            for predicate in &step.predicates {
                found = self.filter(found, predicate)?;
            }
            if step.axis.is_reverse() {
                found.reverse();
            }
            reached.append(&mut found);
        }
        if !reached.is_sorted_by(|a, b| a < b) {
            self.budget.spend(reached.len())?;
            reached.sort_unstable();
            reached.dedup();
        }
        Ok(reached)
    }

    /// The nodes for which a predicate holds.
    fn filter<'e: 'd>(
        &self,
        nodes: Vec<NodeId>,
        predicate: &'e Expression,
    ) -> Result<Vec<NodeId>, XPathError> {
        let size = nodes.len();
        if let Expression::Number(number) = predicate {
            return Ok(nodes
                .into_iter()
                .enumerate()
                .filter(|(i, _)| (i + 1) as f64 == *number)
                .map(|(_, n)| n)
                .collect());
        }
        let mut kept = Vec::new();
        for (index, node) in nodes.into_iter().enumerate() {
            self.budget.spend(1)?;
            let position = index + 1;
            let holds = match (Context { node: Some(node), position, size, ..*self }).evaluate(predicate)? {
                Value::Number(number) => number == position as f64,
                value => value.into_boolean(),
            };
            if holds {
                kept.push(node);
            }
        }
        Ok(kept)
    }
}

fn calculate(operation: Operation, left: f64, right: f64) -> f64 {
    match operation {
        Operation::Add => left + right,
        Operation::Subtract => left - right,
        Operation::Multiply => left * right,
        Operation::Divide => left / right,
        Operation::Modulo => left % right,
    }
}
