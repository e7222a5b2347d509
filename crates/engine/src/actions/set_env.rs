//! `setenv`: sets a variable that `ENV`, `RequestHeader` and `Header` see.

use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::macros::Template;
use crate::ruleset::Rule;
use crate::transaction::Transaction;

/// The record of `setenv`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "setenv",
    aliases: &[],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Sets (`name=value`, `name` = 1) or unsets (`!name`) an environment variable of the transaction.",
    example: "setenv:tagged=1",
    apply,
};

/// A compiled `setenv`.
#[derive(Debug, Clone)]
pub(crate) struct SetEnv {
    name: Template,
    /// `None` unsets.
    value: Option<Template>,
}

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let (unset, text) = match value.split_first() {
        Some((b'!', rest)) => (true, rest),
        _ => (false, value),
    };
    let equals = memchr::memchr(b'=', text);
    let name = context.template(text.get(..equals.unwrap_or(text.len())).unwrap_or_default());
    let given = context.template(equals.and_then(|e| text.get(e + 1..)).unwrap_or(b"1"));
    draft.effects.push(Effect::SetEnv(SetEnv { name, value: (!unset).then_some(given) }));
    Ok(())
}

impl SetEnv {
    pub(super) fn run(&self, transaction: &mut Transaction, rule: &Rule) {
        let mut name = Vec::new();
        transaction.expand_template(&self.name, Some(rule), &mut name);
        let value = self.value.as_ref().map(|template| {
            let mut value = Vec::new();
            transaction.expand_template(template, Some(rule), &mut value);
            value
        });
        transaction.debug(9, |_| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            match &value {
                Some(value) => format!("Set env variable \"{}\" to: {}", text(&name), text(value)),
                None => format!("Unset env variable \"{}\".", text(&name)),
            }
        });
        transaction.set_env(&name, value.as_deref());
    }
}
