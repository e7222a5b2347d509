//! `sanitiseMatched`: masks the argument or header that matched in every log.

use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::sanitise::Sanitise;

/// The record of `sanitiseMatched`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "sanitiseMatched",
    aliases: &["sanitizeMatched"],
    group: Group::Effect,
    value: ValueRule::None,
    starter_only: false,
    summary: "Masks the argument or header that matched with asterisks in every log.",
    example: "sanitiseMatched",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.effects.push(Effect::Sanitise(Sanitise::Matched));
    Ok(())
}
