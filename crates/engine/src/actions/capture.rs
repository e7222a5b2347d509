//! `capture`: lets the operator fill TX.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `capture`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "capture",
    aliases: &[],
    group: Group::Modifier,
    value: ValueRule::None,
    starter_only: false,
    summary: "Keeps captured groups in TX.0 to TX.9.",
    example: "capture",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.capture = true;
    Ok(())
}
