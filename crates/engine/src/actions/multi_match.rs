//! `multiMatch`: tests every intermediate value.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `multiMatch`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "multiMatch",
    aliases: &[],
    group: Group::Modifier,
    value: ValueRule::None,
    starter_only: false,
    summary: "Tests the value before and after every transformation that changes it.",
    example: "multiMatch",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.multi_match = true;
    Ok(())
}
