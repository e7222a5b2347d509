//! Macros: `%{NAME}` and `%{NAME.key}` in texts, split at compile time.
//!
//! `score %{tx.total}` becomes a literal and a reference to a TX slot. References resolve to the raw bytes of the first
//! matching member; an unknown name is removed, an absent member is empty; there is no nesting. `%{rule.…}` resolves
//! only where a rule is in scope (effects, not `msg`, `logdata` and `tag`), as in ModSecurity v2.

use crate::ruleset::{TxNames, TxSlot};
use crate::variables::{Shape, Variable};

/// A text with macros.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
    raw: Vec<u8>,
}

/// A part of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Literal(Vec<u8>),
    Reference(Reference),
}

/// What a macro refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) variable: Variable,
    pub(crate) key: ReferenceKey,
}

/// The member a macro names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReferenceKey {
    First,
    Name(Vec<u8>),
    Slot(TxSlot),
}

impl Template {
    /// Splits a text. TX names that occur get a slot.
    pub(crate) fn parse(raw: &[u8], tx_names: &mut TxNames) -> Template {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut rest = raw;
        while let Some(open) = memchr::memmem::find(rest, b"%{") {
            let (before, macro_on) = rest.split_at(open);
            let Some(close) = memchr::memchr(b'}', macro_on) else { break };
            literal.extend_from_slice(before);
            let name = macro_on.get(2..close).unwrap_or_default();
            if let Some(reference) = Reference::parse(name, tx_names) {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                tx_names.note_macro(reference.variable);
                pieces.push(Piece::Reference(reference));
            }
            rest = macro_on.get(close + 1..).unwrap_or_default();
        }
        literal.extend_from_slice(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Template { pieces, raw: raw.to_vec() }
    }

    /// A text without macros.
    pub(crate) fn literal(raw: &[u8]) -> Template {
        let pieces = if raw.is_empty() { Vec::new() } else { vec![Piece::Literal(raw.to_vec())] };
        Template { pieces, raw: raw.to_vec() }
    }

    /// The parts in order.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether a macro names one of these.
    pub(crate) fn refers_to(&self, variables: &[Variable]) -> bool {
        let of = |piece: &Piece| matches!(piece, Piece::Reference(reference) if variables.contains(&reference.variable));
        self.pieces.iter().any(of)
    }

    /// Whether it consists of literals and members of TX that have a slot.
    pub(crate) fn is_made_of_tx(&self) -> bool {
        let is_tx = |reference: &Reference| {
            reference.variable == Variable::Tx && matches!(reference.key, ReferenceKey::Slot(_))
        };
        self.pieces.iter().all(|piece| match piece {
            Piece::Literal(_) => true,
            Piece::Reference(reference) => is_tx(reference),
        })
    }

    /// The slot of a member of TX, when that is all that is in it.
    pub(crate) fn as_tx_slot(&self) -> Option<TxSlot> {
        match self.pieces.as_slice() {
            [Piece::Reference(Reference { variable: Variable::Tx, key: ReferenceKey::Slot(slot) })] => {
                Some(*slot)
            }
            _ => None,
        }
    }

    /// The text as written.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The whole text, when no macro is in it.
    pub(crate) fn as_literal(&self) -> Option<&[u8]> {
        match self.pieces.as_slice() {
            [] => Some(b""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

impl Reference {
    /// Reads what stands between `%{` and `}`; `None` for an unknown name or a key where none can be.
    fn parse(text: &[u8], tx_names: &mut TxNames) -> Option<Reference> {
        let (name, key) = match memchr::memchr(b'.', text) {
            Some(dot) => (text.get(..dot)?, Some(text.get(dot + 1..)?)),
            None => (text, None),
        };
        if let Some(header) = name.strip_prefix(b"HTTP_") {
            return Some(Reference {
                variable: Variable::RequestHeaders,
                key: ReferenceKey::Name(header.to_vec()),
            });
        }
        let variable = Variable::find(name.strip_prefix(b"&").unwrap_or(name))?;
        let shape = variable.info().shape;
        // As in a target list: some need a key, some take none.
        let refused = match key {
            Some(_) => matches!(shape, Shape::Scalar | Shape::Single),
            None => shape == Shape::Keyed,
        };
        if refused {
            return None;
        }
        let key = match key {
            None => ReferenceKey::First,
            Some(key) if variable == Variable::Tx => ReferenceKey::Slot(tx_names.intern(key)),
            Some(key) => ReferenceKey::Name(key.to_vec()),
        };
        Some(Reference { variable, key })
    }
}
