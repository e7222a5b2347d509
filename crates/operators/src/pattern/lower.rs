//! [`Node`] → [`Hir`], or a reason why not.
//!
//! `a++b` becomes the expression `a+b`, because nothing that `a++` gives back could start with `b`; `a++ab` is refused.
//! Three constructs need a look at what follows: possessive repeats and atomic groups (kept only when giving back could
//! not help), and `^` after `(?m)`, which PCRE2 does not match after a newline at the very end. It also decides what can
//! differ in a match: PCRE2 ends a repeat after an empty round, where the linear engine looks for a round that is not
//! empty. So groups inside such a repeat differ, and where `(?:b*|a)*` prefers the empty round, so does the end.

use super::ast::{Assertion, Mode, Node, Outlook};
use super::parse::Refusal;
use regex_syntax::hir::{Capture, Class, Hir, Look, Repetition};

/// The automaton states that an expression may come to; beyond, building it would take too long.
const MOST_STATES: u64 = 200_000;

/// A translated expression.
#[derive(Debug)]
pub(super) struct Lowered {
    pub(super) hir: Hir,
    /// About how many automaton states it makes.
    pub(super) states: usize,
    /// What must be asked of PCRE2.
    pub(super) differs: Differs,
}

/// What the linear engine may find otherwise than PCRE2. Whether there is a match never differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Differs {
    Nothing,
    Captures,
    /// Where the match ends, and captures.
    Span,
}

/// Translates a whole expression.
pub(super) fn lower(node: &Node) -> Result<Lowered, Refusal> {
    let states = states(node);
    if states > MOST_STATES {
        return Err("an expression too large for the linear engine");
    }
    Ok(Lowered {
        hir: hir(node, Outlook::END)?,
        // At most `MOST_STATES`.
        states: states as usize,
        differs: differs(node),
    })
}

/// `next` is the outlook of everything that can follow the node.
fn hir(node: &Node, next: Outlook) -> Result<Hir, Refusal> {
    Ok(match node {
        Node::Empty => Hir::empty(),
        Node::Set(set) => Hir::class(Class::Bytes(set.class())),
        Node::Assertion(assertion) => Hir::look(look(*assertion, next)?),
        Node::Concat(nodes) => concat(nodes, next)?,
        Node::Alternation(nodes) => {
            Hir::alternation(nodes.iter().map(|node| hir(node, next)).collect::<Result<_, _>>()?)
        }
        Node::Group(index, node) => {
            Hir::capture(Capture { index: *index, name: None, sub: Box::new(hir(node, next)?) })
        }
        Node::Atomic(node) => atomic(node, next)?,
        Node::Repeat { node, min, max, mode } => repeat(node, *min, *max, *mode, next)?,
    })
}

fn concat(nodes: &[Node], mut next: Outlook) -> Result<Hir, Refusal> {
    let mut subs = Vec::with_capacity(nodes.len());
    for node in nodes.iter().rev() {
        subs.push(hir(node, next)?);
        next = node.outlook().then(next);
    }
    subs.reverse();
    Ok(Hir::concat(subs))
}

fn look(assertion: Assertion, next: Outlook) -> Result<Look, Refusal> {
    Ok(match assertion {
        Assertion::Start => Look::Start,
        Assertion::End => Look::End,
        Assertion::LineStart if next.nullable => return Err("(?m)^ at a place where nothing need follow"),
        Assertion::LineStart => Look::StartLF,
        Assertion::LineEnd => Look::EndLF,
        Assertion::Word => Look::WordAscii,
        Assertion::NotWord => Look::WordAsciiNegate,
    })
}

fn repeat(node: &Node, min: u32, max: Option<u32>, mode: Mode, next: Outlook) -> Result<Hir, Refusal> {
    if mode == Mode::Possessive && max != Some(min) {
        let Node::Set(set) = node else { return Err("a possessive repeat") };
        let gives_nothing_back = if next.nullable { !next.conditions } else { set.is_disjoint(next.first) };
        if !gives_nothing_back {
            return Err("a possessive repeat");
        }
    } else if mode == Mode::Possessive && !matches!(node, Node::Set(_)) {
        return Err("a possessive repeat");
    }
    // After one round may come another, or must.
    let round = node.outlook();
    let again = Outlook {
        first: next.first.union(round.first),
        nullable: next.nullable && (min < 2 || round.nullable || next.conditions),
        conditions: next.conditions || round.conditions,
    };
    let sub = Box::new(hir(node, if max == Some(1) { next } else { again })?);
    Ok(Hir::repetition(Repetition { min, max, greedy: mode != Mode::Lazy, sub }))
}

/// An atomic group that has at most one way to match at a place is an ordinary one.
fn atomic(node: &Node, next: Outlook) -> Result<Hir, Refusal> {
    if is_deterministic(node) { hir(node, next) } else { Err("an atomic group") }
}

fn is_deterministic(node: &Node) -> bool {
    match node {
        Node::Empty | Node::Set(_) | Node::Assertion(_) => true,
        Node::Concat(nodes) => nodes.iter().all(is_deterministic),
        Node::Group(_, node) | Node::Atomic(node) => is_deterministic(node),
        Node::Repeat { node, min, max, .. } => *max == Some(*min) && is_deterministic(node),
        Node::Alternation(_) => false,
    }
}

/// An upper estimate of the automaton's size.
fn states(node: &Node) -> u64 {
    match node {
        Node::Empty | Node::Assertion(_) => 1,
        Node::Set(_) => 1,
        Node::Concat(nodes) | Node::Alternation(nodes) => {
            nodes.iter().map(states).fold(1, u64::saturating_add)
        }
        Node::Group(_, node) => states(node).saturating_add(2),
        Node::Atomic(node) => states(node),
        Node::Repeat { node, min, max, .. } => {
            let rounds = u64::from(max.unwrap_or(min + 1).max(1));
            states(node).saturating_add(1).saturating_mul(rounds)
        }
    }
}

fn differs(node: &Node) -> Differs {
    match node {
        Node::Empty | Node::Assertion(_) | Node::Set(_) => Differs::Nothing,
        Node::Concat(nodes) | Node::Alternation(nodes) => {
            nodes.iter().map(differs).max().unwrap_or(Differs::Nothing)
        }
        Node::Group(_, node) | Node::Atomic(node) => differs(node),
        Node::Repeat { node, max, .. } => {
            let empty_rounds = !matches!(max, Some(0 | 1)) && node.outlook().nullable;
            let here = match empty_rounds {
                true if !prefers_bytes(node) => Differs::Span,
                true if node.captures() => Differs::Captures,
                // The linear engine would forget these groups, and with them how the others are numbered.
                false if *max == Some(0) && node.captures() => Differs::Captures,
                _ => Differs::Nothing,
            };
            here.max(differs(node))
        }
    }
}

/// Whether an empty match is what the node tries last.
fn prefers_bytes(node: &Node) -> bool {
    if !node.outlook().nullable {
        return true;
    }
    match node {
        Node::Empty | Node::Assertion(_) | Node::Set(_) => true,
        Node::Concat(nodes) => nodes.iter().all(prefers_bytes),
        Node::Alternation(nodes) => {
            nodes.iter().all(prefers_bytes)
                && nodes
                    .split_last()
                    .is_some_and(|(_, before)| before.iter().all(|node| !node.outlook().nullable))
        }
        Node::Group(_, node) | Node::Atomic(node) => prefers_bytes(node),
        Node::Repeat { node, min, max, mode } => {
            (*mode != Mode::Lazy || *max == Some(*min)) && prefers_bytes(node)
        }
    }
}
