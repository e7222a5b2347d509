//! `pause`: delays the verdict; a modifier in either order, where ModSecurity v2 lets `deny,pause:N` only pause.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `pause`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "pause",
    aliases: &[],
    group: Group::Modifier,
    value: ValueRule::Required,
    starter_only: true,
    summary: "Waits this many milliseconds before the interception.",
    example: "pause:500",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.pause = Some(context.template(value));
    Ok(())
}
