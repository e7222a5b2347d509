//! `skipAfter`: jumps on a match. A label that does not follow skips the rest of the phase.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `skipAfter`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "skipAfter",
    aliases: &[],
    group: Group::Flow,
    value: ValueRule::Required,
    starter_only: true,
    summary: "Goes on behind the marker of this name, or the rule of this id.",
    example: "skipAfter:END-SQLI",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.skip_after = Some((value.to_vec(), context.span));
    Ok(())
}
