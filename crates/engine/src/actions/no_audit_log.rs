//! `noauditlog`: does not mark the transaction as relevant.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `noauditlog`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "noauditlog",
    aliases: &[],
    group: Group::Modifier,
    value: ValueRule::None,
    starter_only: false,
    summary: "A match does not mark the transaction for the audit log.",
    example: "noauditlog",
    apply,
};

fn apply(draft: &mut Draft, _value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.audit_log = Some(false);
    Ok(())
}
