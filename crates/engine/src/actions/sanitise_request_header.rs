//! `sanitiseRequestHeader`: masks a request header in every log.

use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::sanitise::Sanitise;

/// The record of `sanitiseRequestHeader`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "sanitiseRequestHeader",
    aliases: &["sanitizeRequestHeader"],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Masks a request header with asterisks in every log.",
    example: "sanitiseRequestHeader:Authorization",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.effects.push(Effect::Sanitise(Sanitise::RequestHeader(value.to_vec())));
    Ok(())
}
