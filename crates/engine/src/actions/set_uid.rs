//! `setuid`: loads or creates the collection USER.

use super::init_col::InitCol;
use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `setuid`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "setuid",
    aliases: &[],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Loads or creates the collection USER under a key.",
    example: "setuid:%{REQUEST_COOKIES.id}",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let key = context.template(value);
    draft.effects.push(Effect::InitCol(InitCol { collection: b"user".to_vec(), per_application: true, key }));
    Ok(())
}
