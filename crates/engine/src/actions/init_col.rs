//! `initcol`: loads or creates a persistent collection; also what `setsid`, `setuid` and `setrsc` compile to.
//!
//! `initcol:session=x` and `setsid:x` both fill SESSION, from different stores: `session` and `<SecWebAppId>_SESSION`.
//! Only the latter sets SESSIONID.

use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::macros::Template;
use crate::ruleset::Rule;
use crate::transaction::Transaction;
use crate::verdict::Need;

/// The record of `initcol`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "initcol",
    aliases: &[],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Loads or creates a persistent collection under a key.",
    example: "initcol:ip=%{REMOTE_ADDR}",
    apply,
};

/// A compiled `initcol`, `setsid`, `setuid` or `setrsc`.
#[derive(Debug, Clone)]
pub(crate) struct InitCol {
    /// Lower-case name (`ip`, `session`).
    pub(crate) collection: Vec<u8>,
    /// It is `setsid` or a relative: the storage name has the web application's id in front, and the key is the
    /// session's or user's id.
    pub(crate) per_application: bool,
    pub(crate) key: Template,
}

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let Some(equals) = memchr::memchr(b'=', value) else {
        return Err(ActionError::new("initcol needs `collection=key`")
            .with_help("for example `initcol:ip=%{REMOTE_ADDR}`"));
    };
    let collection = value.get(..equals).unwrap_or_default().to_ascii_lowercase();
    let key = context.template(value.get(equals + 1..).unwrap_or_default());
    draft.effects.push(Effect::InitCol(InitCol { collection, per_application: false, key }));
    Ok(())
}

impl InitCol {
    pub(super) fn run(&self, transaction: &mut Transaction, rule: &Rule) -> Result<(), Need> {
        let mut key = Vec::new();
        transaction.expand_template(&self.key, Some(rule), &mut key);
        transaction.init_collection(&self.collection, self.per_application, &key)
    }
}
