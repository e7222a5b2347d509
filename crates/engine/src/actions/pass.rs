//! `pass`: the disruptive action that disrupts nothing. It wins over a `block` in the same rule, before or behind it.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::ruleset::Disruptive;

/// The record of `pass`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "pass",
    aliases: &[],
    group: Group::Disruptive,
    value: ValueRule::None,
    starter_only: true,
    summary: "Goes on with the next rule.",
    example: "pass",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.set_disruptive(Disruptive::Pass);
    draft.explicit_pass = true;
    Ok(())
}
