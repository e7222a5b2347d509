//! `drop`: closes the connection.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::ruleset::Disruptive;

/// The record of `drop`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "drop",
    aliases: &[],
    group: Group::Disruptive,
    value: ValueRule::None,
    starter_only: true,
    summary: "Closes the connection without an answer.",
    example: "drop",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.set_disruptive(Disruptive::Drop);
    Ok(())
}
