//! `rev`: metadata shown in logs.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `rev`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "rev",
    aliases: &[],
    group: Group::Metadata,
    value: ValueRule::Required,
    starter_only: true,
    summary: "Revision of the rule.",
    example: "rev:'2'",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.rev = Some(value.to_vec());
    Ok(())
}
