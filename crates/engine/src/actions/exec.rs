//! `exec`: runs a program or a Lua script at a match.

use std::sync::Arc;

use portcullis_lua::Script;
use portcullis_seclang::Span;

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
    summary: "Runs a Lua script (`.lua`), or a program, which must print at least one line.",
    example: "exec:/usr/local/bin/notify",
    apply,
};

/// A compiled `exec`.
#[derive(Debug, Clone)]
pub(crate) struct Exec {
    path: String,
    /// Where it is written.
    span: Span,
    script: Option<Arc<Script>>,
}

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let path = String::from_utf8_lossy(value).into_owned();
    draft.effects.push(Effect::Exec(Exec { path, span: context.span, script: None }));
    Ok(())
}

impl Exec {
    /// The script that has to be read for it, and where it is named.
    pub(crate) fn wanted_script(&self) -> Option<(String, Span)> {
        (self.path.ends_with(".lua") && self.script.is_none()).then(|| (self.path.clone(), self.span))
    }

    pub(crate) fn set_script(&mut self, script: Option<Arc<Script>>) {
        self.script = script;
    }

    pub(super) fn run(&self, transaction: &mut Transaction, rule: &Rule) -> Result<(), Need> {
        let Some(script) = &self.script else {
            return transaction.run_program(&self.path, Vec::new());
        };
        // What it returns decides nothing.
        if let Err(reason) = transaction.run_script(script, rule, None)? {
            transaction.notice(1, format!("Failed to execute: {}: {reason}", self.path));
        }
        Ok(())
    }
}
