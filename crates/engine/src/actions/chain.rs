//! `chain`: joins the next rule to this one.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `chain`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "chain",
    aliases: &[],
    group: Group::Flow,
    value: ValueRule::None,
    starter_only: false,
    summary: "The next rule belongs to this one: both must match.",
    example: "chain",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.chain = true;
    Ok(())
}
