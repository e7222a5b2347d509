//! `tag`: metadata shown in logs, and what removals by tag look at.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `tag`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "tag",
    aliases: &[],
    group: Group::Metadata,
    value: ValueRule::Required,
    starter_only: false,
    summary: "A label of the rule; macros are expanded when it is logged.",
    example: "tag:'attack-sqli'",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.tags.push(value.to_vec());
    Ok(())
}
