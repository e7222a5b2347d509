//! `nolog`: turns logging of matches off; an `auditlog` behind it marks the transaction again.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `nolog`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "nolog",
    aliases: &[],
    group: Group::Modifier,
    value: ValueRule::None,
    starter_only: false,
    summary: "A match is not logged, and does not mark the transaction for the audit log.",
    example: "nolog",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.log = Some(false);
    draft.audit_log = Some(false);
    Ok(())
}
