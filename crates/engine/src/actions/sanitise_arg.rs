//! `sanitiseArg`: masks an argument in every log.

use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::sanitise::Sanitise;

/// The record of `sanitiseArg`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "sanitiseArg",
    aliases: &["sanitizeArg"],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Masks an argument with asterisks in every log.",
    example: "sanitiseArg:password",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.effects.push(Effect::Sanitise(Sanitise::Argument(value.to_vec())));
    Ok(())
}
