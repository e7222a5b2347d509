//! Location paths: steps, axes and node tests.
//!
//! `//a/@p:*` → from the root, the descendants `a`, their attributes in the namespace of `p`. The other half of the
//! parser calls it for everything that is no primary expression. `//name` becomes one step along the descendants where
//! no predicate counts positions, and `//@name` one along their attributes, so that the usual expressions are one walk
//! over the document.

use super::super::XML_NAMESPACE;
use super::XPathError;
use super::expression::{Axis, Expression, NodeTest, Path, Start, Step};
use super::lexer::Token;
use super::parser::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn path(&mut self) -> Parsed {
        if self.starts_filter() {
            return self.filter();
        }
        let mut steps = Vec::new();
        let start = if self.eat(Token::Operator("//")) {
            steps.push(every_node());
            self.step(&mut steps)?;
            Start::Root
        } else if self.eat(Token::Operator("/")) {
            if self.starts_step() {
                self.step(&mut steps)?;
            }
            Start::Root
        } else {
            self.step(&mut steps)?;
            Start::Context
        };
        self.steps(&mut steps)?;
        Ok(Expression::Path(Path { start, steps }))
    }

    fn starts_step(&self) -> bool {
        matches!(
            self.peek(),
            Some(
                Token::Name(_)
                    | Token::Prefixed(..)
                    | Token::AnyIn(_)
                    | Token::Star
                    | Token::Mark("@" | "." | "..")
            )
        )
    }

    /// `/` and `//` with the step after each.
    pub(super) fn steps(&mut self, steps: &mut Vec<Step>) -> Parsed<()> {
        loop {
            if self.eat(Token::Operator("//")) {
                steps.push(every_node());
            } else if !self.eat(Token::Operator("/")) {
                return Ok(());
            }
            self.step(steps)?;
        }
    }

    fn step(&mut self, steps: &mut Vec<Step>) -> Parsed<()> {
        let step = if self.mark(".") {
            plain(Axis::Itself)
        } else if self.mark("..") {
            plain(Axis::Parent)
        } else {
            let axis = self.axis()?;
            let test = self.node_test()?;
            Step { axis, test, predicates: self.predicates()? }
        };
        push(steps, step);
        Ok(())
    }

    fn axis(&mut self) -> Parsed<Axis> {
        if self.mark("@") {
            return Ok(Axis::Attribute);
        }
        let (Some(Token::Name(name)), Some(Token::Mark("::"))) = (self.peek(), self.after()) else {
            return Ok(Axis::Child);
        };
        self.at += 2;
        if name == "namespace" {
            return Err(XPathError::new("the namespace axis is not supported"));
        }
        match Axis::NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, axis)) => Ok(*axis),
            None => Err(XPathError::new(format!("unknown axis `{name}`"))),
        }
    }

    fn node_test(&mut self) -> Parsed<NodeTest> {
        let token = self.peek();
        self.at += 1;
        match token {
            Some(Token::Star) => Ok(NodeTest::Any),
            Some(Token::AnyIn(prefix)) => Ok(NodeTest::Namespace(self.uri(prefix)?)),
            Some(Token::Prefixed(prefix, local)) => Ok(NodeTest::Name(self.uri(prefix)?, local.to_owned())),
            Some(Token::Name(name)) if self.mark("(") => self.node_type(name),
            Some(Token::Name(name)) => Ok(NodeTest::Name(String::new(), name.to_owned())),
            _ => {
                self.at -= 1;
                Err(self.unexpected("a step"))
            }
        }
    }

    fn node_type(&mut self, name: &str) -> Parsed<NodeTest> {
        let test = match name {
            "node" => NodeTest::Node,
            "text" => NodeTest::Text,
            "comment" => NodeTest::Comment,
            "processing-instruction" => match self.peek() {
                Some(Token::Text(target)) => {
                    self.at += 1;
                    NodeTest::Instruction(Some(target.to_owned()))
                }
                _ => NodeTest::Instruction(None),
            },
            _ => return Err(XPathError::new(format!("`{name}()` is no step"))),
        };
        self.expect(")")?;
        Ok(test)
    }

    fn uri(&self, prefix: &str) -> Parsed<String> {
        let known = self.namespaces.iter().rev().find(|(known, _)| known == prefix);
        match known {
            Some((_, uri)) => Ok(uri.clone()),
            None if prefix == "xml" => Ok(XML_NAMESPACE.to_owned()),
            None => Err(XPathError::new(format!(
                "prefix `{prefix}` is not declared; add the action `xmlns:{prefix}=URI`"
            ))),
        }
    }
}

pub(super) fn is_node_type(name: &str) -> bool {
    matches!(name, "node" | "text" | "comment" | "processing-instruction")
}

fn plain(axis: Axis) -> Step {
    Step { axis, test: NodeTest::Node, predicates: Vec::new() }
}

/// The step that `//` stands for.
fn every_node() -> Step {
    plain(Axis::DescendantOrSelf)
}

/// Appends a step, joined with a `//` before it where that means the same.
fn push(steps: &mut Vec<Step>, step: Step) {
    let joined = match step.axis {
        Axis::Child | Axis::Descendant => Axis::Descendant,
        Axis::DescendantOrSelf => Axis::DescendantOrSelf,
        Axis::Attribute => Axis::DescendantAttribute,
        _ => return steps.push(step),
    };
    match steps.last() {
        Some(Step { axis: Axis::DescendantOrSelf, test: NodeTest::Node, predicates })
            if predicates.is_empty() && !step.predicates.iter().any(Expression::is_positional) =>
        {
            steps.pop();
            steps.push(Step { axis: joined, ..step });
        }
        _ => steps.push(step),
    }
}
