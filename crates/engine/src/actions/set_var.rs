//! `setvar`: creates, changes or deletes a member of TX or of a persistent collection.
//!
//! `setvar:'tx.score=+%{tx.critical}'` adds. Whether it adds, subtracts or assigns is read from the text *before*
//! macros are expanded; the sum is 32-bit and never below 0, as in ModSecurity v2 (spec: actions, "setvar").

use super::{ActionError, ActionInfo, Effect, Group, ValueRule, atoi};
use crate::compile::draft::{Draft, DraftContext};
use crate::escape::log_escape_keep_quotes;
use crate::macros::{Piece, Template};
use crate::ruleset::{Rule, TxSlot};
use crate::transaction::Transaction;
use crate::variables::Variable;

/// The record of `setvar`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "setvar",
    aliases: &[],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Creates, changes (`=`, `=+`, `=-`) or deletes (`!`) a variable.",
    example: "setvar:'tx.score=+5'",
    apply,
};

/// A compiled `setvar`.
#[derive(Debug, Clone)]
pub(crate) struct SetVar {
    name: Name,
    operation: Operation,
}

/// Which member.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    /// A TX member without macros in its name; the spelling is kept for logs.
    Tx { slot: TxSlot, spelling: Vec<u8> },
    /// A member of a persistent collection without macros in its name.
    Member { collection: Vec<u8>, member: Vec<u8> },
    /// A TX member with macros in its name; the literal parts are escaped.
    TxExpanded(Vec<Piece>),
    /// `collection.member` with macros.
    Expanded(Template),
}

#[derive(Debug, Clone)]
enum Operation {
    Delete,
    Assign(Template),
    /// The text begins with the sign.
    Add(Template),
}

/// A collection and a member, resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CollectionRef<'a> {
    /// A TX member known at compile time.
    TxSlot(TxSlot, &'a [u8]),
    /// A TX member by name.
    Tx(&'a [u8]),
    /// A member of a persistent collection.
    Persistent(&'a [u8], &'a [u8]),
}

impl Name {
    /// Splits `collection.member`.
    pub(crate) fn parse(text: &[u8], context: &mut DraftContext<'_>) -> Name {
        let template = context.template(text);
        let Some(literal) = template.as_literal() else {
            return tx_pieces(&template).map_or_else(|| Name::Expanded(template), Name::TxExpanded);
        };
        match memchr::memchr(b'.', literal) {
            Some(dot) if literal.get(..dot).is_some_and(|c| c.eq_ignore_ascii_case(b"tx")) => {
                let mut spelling = Vec::new();
                log_escape_keep_quotes(literal.get(dot + 1..).unwrap_or_default(), &mut spelling);
                Name::Tx { slot: context.tx_names.intern(&spelling), spelling }
            }
            Some(dot) => Name::Member {
                collection: literal.get(..dot).unwrap_or_default().to_ascii_lowercase(),
                member: literal.get(dot + 1..).unwrap_or_default().to_vec(),
            },
            // Without a dot there is no member: nothing happens, as in ModSecurity v2.
            None => Name::Member { collection: literal.to_ascii_lowercase(), member: Vec::new() },
        }
    }

    /// Calls `then` with the member this name means now.
    pub(crate) fn with<R>(
        &self,
        transaction: &mut Transaction,
        rule: &Rule,
        then: impl FnOnce(&mut Transaction, CollectionRef<'_>) -> R,
    ) -> R {
        match self {
            Name::Tx { slot, spelling } => then(transaction, CollectionRef::TxSlot(*slot, spelling)),
            Name::Member { collection, member } => {
                then(transaction, CollectionRef::Persistent(collection, member))
            }
            Name::TxExpanded(pieces) => {
                let mut text = std::mem::take(&mut transaction.member_name);
                text.clear();
                for piece in pieces {
                    match piece {
                        Piece::Literal(literal) => text.extend_from_slice(literal),
                        Piece::Reference(reference) => {
                            let mut raw = std::mem::take(&mut transaction.scratch);
                            raw.clear();
                            transaction.expand_reference(reference, Some(rule), &mut raw);
                            transaction.trace_macro(reference, &raw);
                            log_escape_keep_quotes(&raw, &mut text);
                            transaction.scratch = raw;
                        }
                    }
                }
                let result = then(transaction, CollectionRef::Tx(&text));
                transaction.member_name = text;
                result
            }
            Name::Expanded(template) => {
                let mut raw = std::mem::take(&mut transaction.scratch);
                raw.clear();
                transaction.expand_template(template, Some(rule), &mut raw);
                let mut text = std::mem::take(&mut transaction.member_name);
                text.clear();
                log_escape_keep_quotes(&raw, &mut text);
                transaction.scratch = raw;
                let dot = memchr::memchr(b'.', &text).unwrap_or(text.len());
                let (collection, member) = text.split_at(dot);
                let member = member.get(1..).unwrap_or_default();
                let result = if collection.eq_ignore_ascii_case(b"tx") {
                    then(transaction, CollectionRef::Tx(member))
                } else {
                    then(transaction, CollectionRef::Persistent(&collection.to_ascii_lowercase(), member))
                };
                transaction.member_name = text;
                result
            }
        }
    }
}

/// The member's part of `tx.member` with macros behind the dot; bytes are escaped one by one, so parts can be.
fn tx_pieces(template: &Template) -> Option<Vec<Piece>> {
    let mut pieces = template.pieces().to_vec();
    let mut literals = pieces.iter_mut().filter_map(|piece| match piece {
        Piece::Literal(text) => Some(text),
        Piece::Reference(_) => None,
    });
    let first = literals.next()?;
    let begins = first.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case(b"tx."));
    if !begins || !matches!(template.pieces().first(), Some(Piece::Literal(_))) {
        return None;
    }
    first.drain(..3);
    for literal in std::iter::once(first).chain(literals) {
        let mut escaped = Vec::new();
        log_escape_keep_quotes(literal, &mut escaped);
        *literal = escaped;
    }
    Some(pieces)
}

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let (deletes, text) = match value.split_first() {
        Some((b'!', rest)) => (true, rest),
        _ => (false, value),
    };
    let equals = memchr::memchr(b'=', text);
    let name = text.get(..equals.unwrap_or(text.len())).unwrap_or_default();
    let name = Name::parse(name, context);
    let assigned = equals.and_then(|e| text.get(e + 1..)).map(<[u8]>::trim_ascii_start);
    let operation = match assigned {
        _ if deletes => Operation::Delete,
        None => Operation::Assign(Template::literal(b"1")),
        Some(text) if matches!(text.first(), Some(b'+' | b'-')) => Operation::Add(context.template(text)),
        Some(text) => Operation::Assign(context.template(text)),
    };
    draft.effects.push(Effect::SetVar(SetVar { name, operation }));
    Ok(())
}

impl SetVar {
    /// Whether it changes a member of TX that is known before it runs.
    pub(crate) fn sets_known_tx(&self) -> bool {
        matches!(self.name, Name::Tx { .. })
    }

    /// Whether it sets a member of TX that is known before it runs, to what is made of literals and of such members.
    pub(crate) fn is_made_of_tx(&self) -> bool {
        match &self.operation {
            Operation::Assign(value) | Operation::Add(value) => self.sets_known_tx() && value.is_made_of_tx(),
            Operation::Delete => false,
        }
    }

    /// Whether the value is made of what the rule has matched so far.
    pub(crate) fn reads_matches(&self) -> bool {
        let (Operation::Assign(value) | Operation::Add(value)) = &self.operation else { return false };
        value.refers_to(&[Variable::MatchedVars, Variable::MatchedVarsNames])
    }

    pub(super) fn run(&self, transaction: &mut Transaction, rule: &Rule) {
        if let (Operation::Assign(template), Name::Tx { slot, spelling }) = (&self.operation, &self.name)
            && let Some(text) = template.as_literal()
        {
            let member = CollectionRef::TxSlot(*slot, spelling);
            transaction.set_member(member, text);
            return transaction.trace_variable(member, Some(text));
        }
        if let (Operation::Assign(template), Name::Tx { slot, spelling }) = (&self.operation, &self.name)
            && let Some(source) = template.as_tx_slot().filter(|_| !transaction.traces(4))
        {
            return transaction.copy_tx(source, *slot, spelling);
        }
        let mut value = std::mem::take(&mut transaction.assigned);
        value.clear();
        self.run_with(&mut value, transaction, rule);
        transaction.assigned = value;
    }

    /// `value` is empty, and room for what is assigned or added.
    fn run_with(&self, value: &mut Vec<u8>, transaction: &mut Transaction, rule: &Rule) {
        match &self.operation {
            Operation::Delete => {
                self.name.with(transaction, rule, |transaction, member| {
                    transaction.remove_member(member);
                    transaction.trace_variable(member, None);
                });
            }
            Operation::Assign(template) => {
                transaction.expand_template(template, Some(rule), value);
                self.name.with(transaction, rule, |transaction, member| {
                    transaction.set_member(member, value);
                    transaction.trace_variable(member, Some(value));
                });
            }
            Operation::Add(template) => {
                transaction.expand_template(template, Some(rule), value);
                let delta = atoi(value);
                self.name.with(transaction, rule, |transaction, member| {
                    transaction.add_to_member(member, delta);
                    transaction.trace_sum(member);
                });
            }
        }
    }
}
