//! `logdata`: metadata shown in logs.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `logdata`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "logdata",
    aliases: &[],
    group: Group::Metadata,
    value: ValueRule::Required,
    starter_only: true,
    summary: "The data of an alert; macros are expanded when it is logged.",
    example: "logdata:'%{MATCHED_VAR}'",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.logdata = Some(value.to_vec());
    Ok(())
}
