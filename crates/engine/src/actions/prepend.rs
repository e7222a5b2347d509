//! `prepend`: injects a text into the response body.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::inject::Side;

/// The record of `prepend`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "prepend",
    aliases: &[],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Injects a text into the response body; needs `SecContentInjection On`.",
    example: "prepend:'<!-- seen -->'",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let text = context.template(value);
    draft.effects.push(crate::inject::effect(Side::Start, text));
    Ok(())
}
