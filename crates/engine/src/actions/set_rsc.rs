//! `setrsc`: loads or creates the collection RESOURCE.

use super::init_col::InitCol;
use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `setrsc`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "setrsc",
    aliases: &[],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Loads or creates the collection RESOURCE under a key.",
    example: "setrsc:%{REQUEST_COOKIES.id}",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let key = context.template(value);
    draft.effects.push(Effect::InitCol(InitCol {
        collection: b"resource".to_vec(),
        per_application: true,
        key,
    }));
    Ok(())
}
