//! `accuracy`: metadata shown in logs.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `accuracy`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "accuracy",
    aliases: &[],
    group: Group::Metadata,
    value: ValueRule::Required,
    starter_only: true,
    summary: "How sure the rule is, 1 to 9.",
    example: "accuracy:8",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.accuracy = Some(super::atoi(value));
    Ok(())
}
