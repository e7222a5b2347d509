//! `auditlog`: marks the transaction as relevant.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `auditlog`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "auditlog",
    aliases: &[],
    group: Group::Modifier,
    value: ValueRule::None,
    starter_only: false,
    summary: "A match marks the transaction for the audit log.",
    example: "auditlog",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.audit_log = Some(true);
    Ok(())
}
