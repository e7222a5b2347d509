//! `sanitiseResponseHeader`: masks a response header in every log.

use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::sanitise::Sanitise;

/// The record of `sanitiseResponseHeader`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "sanitiseResponseHeader",
    aliases: &["sanitizeResponseHeader"],
    group: Group::Effect,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Masks a response header with asterisks in every log.",
    example: "sanitiseResponseHeader:Set-Cookie",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.effects.push(Effect::Sanitise(Sanitise::ResponseHeader(value.to_vec())));
    Ok(())
}
