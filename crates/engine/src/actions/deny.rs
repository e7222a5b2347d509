//! `deny`: stops the exchange with a status.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::ruleset::Disruptive;

/// The record of `deny`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "deny",
    aliases: &[],
    group: Group::Disruptive,
    value: ValueRule::None,
    starter_only: true,
    summary: "Answers with an error page; the status is that of `status`, or 403.",
    example: "deny,status:406",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.set_disruptive(Disruptive::Deny);
    Ok(())
}
