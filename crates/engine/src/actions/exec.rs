//! `exec`: runs a program at a match.

use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::ruleset::Rule;
use crate::transaction::Transaction;
use crate::verdict::Need;

/// The record of `exec`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "exec",
    aliases: &[],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Runs a program; it must print at least one line.",
    example: "exec:/usr/local/bin/notify",
    apply,
};

/// A compiled `exec`.
#[derive(Debug, Clone)]
pub(crate) struct Exec {
    path: String,
}

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let path = String::from_utf8_lossy(value).into_owned();
    if path.ends_with(".lua") {
        return Err(ActionError::new("Lua scripts are not supported yet")
            .with_help("use an external program, or take the rule out"));
    }
    draft.effects.push(Effect::Exec(Exec { path }));
    Ok(())
}

impl Exec {
    pub(super) fn run(&self, transaction: &mut Transaction, _rule: &Rule) -> Result<(), Need> {
        transaction.run_program(&self.path, Vec::new())
    }
}
