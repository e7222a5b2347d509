//! `deprecatevar`: lets a counter of a persistent collection decay over time.

use super::set_var::{CollectionRef, Name};
use super::{ActionError, ActionInfo, Effect, Group, ValueRule, atoi};
use crate::compile::draft::{Draft, DraftContext};
use crate::macros::Template;
use crate::ruleset::Rule;
use crate::transaction::Transaction;

/// The record of `deprecatevar`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "deprecatevar",
    aliases: &[],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Lowers a counter by AMOUNT for every SECONDS since the collection was stored.",
    example: "deprecatevar:session.score=60/300",
    apply,
};

/// A compiled `deprecatevar`.
#[derive(Debug, Clone)]
pub(crate) struct DeprecateVar {
    name: Name,
    rate: Template,
}

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let Some(equals) = memchr::memchr(b'=', value) else {
        return Err(ActionError::no_effect("deprecatevar needs an amount and a time")
            .with_help("for example `deprecatevar:session.score=60/300`"));
    };
    let name = Name::parse(value.get(..equals).unwrap_or_default(), context);
    let rate = context.template(value.get(equals + 1..).unwrap_or_default());
    draft.effects.push(Effect::DeprecateVar(DeprecateVar { name, rate }));
    Ok(())
}

impl DeprecateVar {
    pub(super) fn run(&self, transaction: &mut Transaction, rule: &Rule) {
        let mut rate = Vec::new();
        transaction.expand_template(&self.rate, Some(rule), &mut rate);
        let mut parts = rate.splitn(2, |byte| *byte == b'/');
        let amount = atoi(parts.next().unwrap_or_default());
        let seconds = atoi(parts.next().unwrap_or_default());
        if amount <= 0 || seconds <= 0 {
            return;
        }
        self.name.with(transaction, rule, |transaction, member| {
            if let CollectionRef::Persistent(collection, member) = member {
                transaction.deprecate_member(collection, member, i64::from(amount), i64::from(seconds));
            }
        });
    }
}
