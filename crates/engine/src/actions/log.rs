//! `log`: turns logging of matches on.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `log`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "log",
    aliases: &[],
    group: Group::Modifier,
    value: ValueRule::None,
    starter_only: false,
    summary: "A match is logged.",
    example: "log",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.log = Some(true);
    Ok(())
}
