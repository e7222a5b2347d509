//! `msg`: metadata shown in logs.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `msg`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "msg",
    aliases: &[],
    group: Group::Metadata,
    value: ValueRule::Required,
    starter_only: true,
    summary: "The message of an alert; macros are expanded when it is logged.",
    example: "msg:'SQL injection'",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.msg = Some(value.to_vec());
    Ok(())
}
