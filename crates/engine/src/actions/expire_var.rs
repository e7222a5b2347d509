//! `expirevar`: lets a member of a persistent collection expire.

use super::set_var::{CollectionRef, Name};
use super::{ActionError, ActionInfo, Effect, Group, ValueRule, atoi};
use crate::compile::draft::{Draft, DraftContext};
use crate::macros::Template;
use crate::ruleset::Rule;
use crate::transaction::Transaction;

/// The record of `expirevar`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "expirevar",
    aliases: &[],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Lets a member of a persistent collection expire after so many seconds.",
    example: "expirevar:ip.blocked=60",
    apply,
};

/// A compiled `expirevar`.
#[derive(Debug, Clone)]
pub(crate) struct ExpireVar {
    name: Name,
    seconds: Template,
}

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let equals = memchr::memchr(b'=', value);
    let name = Name::parse(value.get(..equals.unwrap_or(value.len())).unwrap_or_default(), context);
    let seconds = equals.and_then(|e| value.get(e + 1..)).unwrap_or(b"1");
    draft.effects.push(Effect::ExpireVar(ExpireVar { name, seconds: context.template(seconds) }));
    Ok(())
}

impl ExpireVar {
    pub(super) fn run(&self, transaction: &mut Transaction, rule: &Rule) {
        let mut seconds = Vec::new();
        transaction.expand_template(&self.seconds, Some(rule), &mut seconds);
        let seconds = atoi(&seconds);
        self.name.with(transaction, rule, |transaction, member| {
            // TX lives for one transaction: an expiry of its members means nothing.
            if let CollectionRef::Persistent(collection, member) = member {
                transaction.expire_member(collection, member, i64::from(seconds));
            }
        });
    }
}
