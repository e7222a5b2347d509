//! `ver`: metadata shown in logs.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `ver`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "ver",
    aliases: &[],
    group: Group::Metadata,
    value: ValueRule::Required,
    starter_only: true,
    summary: "Version of the rule set.",
    example: "ver:'OWASP_CRS/4.28.0'",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.ver = Some(value.to_vec());
    Ok(())
}
