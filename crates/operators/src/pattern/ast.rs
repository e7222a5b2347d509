//! The parsed form of an expression: flags applied, non-capturing groups gone.
//!
//! `(?i)a+$` is a concatenation of a greedy repeat of the set `{a, A}` and an assertion. The parser builds it, the
//! translator reads it. It holds only what the linear engine may be able to run.

use super::bytes::ByteSet;

/// A part of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Matches without consuming.
    Empty,
    /// One byte of a set.
    Set(ByteSet),
    /// A condition on the position.
    Assertion(Assertion),
    /// One after the other.
    Concat(Vec<Node>),
    /// The first that leads to a match.
    Alternation(Vec<Node>),
    /// A capturing group.
    Group(u32, Box<Node>),
    /// A group that is never entered again from behind, `(?>…)`.
    Atomic(Box<Node>),
    /// A repeat.
    Repeat { node: Box<Node>, min: u32, max: Option<u32>, mode: Mode },
}

/// How a repeat chooses its count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Greedy,
    Lazy,
    Possessive,
}

/// Conditions on a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assertion {
    /// `^` and `\A`.
    Start,
    /// `$` and `\z`.
    End,
    /// `^` after `(?m)`: after a newline that is not the last byte, too.
    LineStart,
    /// `$` after `(?m)`: before a newline, too.
    LineEnd,
    /// `\b`.
    Word,
    /// `\B`.
    NotWord,
}

/// What can come first in a node, and whether it can come to nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outlook {
    /// The bytes a match can consume first.
    pub(super) first: ByteSet,
    /// A match can be empty.
    pub(super) nullable: bool,
    /// Conditions occur somewhere inside.
    pub(super) conditions: bool,
}

impl Outlook {
    /// The end of the expression.
    pub(super) const END: Self = Self { first: ByteSet::EMPTY, nullable: true, conditions: false };

    /// This, then that.
    pub(super) fn then(self, next: Self) -> Self {
        Self {
            first: if self.nullable { self.first.union(next.first) } else { self.first },
            nullable: self.nullable && next.nullable,
            conditions: self.conditions || next.conditions,
        }
    }

    /// This or that.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            first: self.first.union(other.first),
            nullable: self.nullable || other.nullable,
            conditions: self.conditions || other.conditions,
        }
    }
}

impl Node {
    /// What a match of this node begins with.
    pub(super) fn outlook(&self) -> Outlook {
        match self {
            Self::Empty => Outlook::END,
            Self::Set(set) => Outlook { first: *set, nullable: false, conditions: false },
            Self::Assertion(_) => Outlook { conditions: true, ..Outlook::END },
            Self::Concat(nodes) => {
                nodes.iter().rev().fold(Outlook::END, |next, node| node.outlook().then(next))
            }
            Self::Alternation(nodes) => {
                let nothing = Outlook { nullable: false, ..Outlook::END };
                nodes.iter().fold(nothing, |outlook, node| outlook.or(node.outlook()))
            }
            Self::Group(_, node) | Self::Atomic(node) => node.outlook(),
            Self::Repeat { node, min, .. } => {
                let outlook = node.outlook();
                Outlook { nullable: outlook.nullable || *min == 0, ..outlook }
            }
        }
    }

    /// Whether a capturing group is inside.
    pub(super) fn captures(&self) -> bool {
        match self {
            Self::Empty | Self::Set(_) | Self::Assertion(_) => false,
            Self::Group(..) => true,
            Self::Concat(nodes) | Self::Alternation(nodes) => nodes.iter().any(Self::captures),
            Self::Atomic(node) | Self::Repeat { node, .. } => node.captures(),
        }
    }
}
