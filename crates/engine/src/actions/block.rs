//! `block`: stands for the disruptive action of the active default list.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `block`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "block",
    aliases: &[],
    group: Group::Disruptive,
    value: ValueRule::None,
    starter_only: false,
    summary: "Does what the active SecDefaultAction says.",
    example: "block",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.block = true;
    Ok(())
}
