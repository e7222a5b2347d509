//! `maturity`: metadata shown in logs.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `maturity`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "maturity",
    aliases: &[],
    group: Group::Metadata,
    value: ValueRule::Required,
    starter_only: true,
    summary: "How well tried the rule is, 1 to 9.",
    example: "maturity:9",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.maturity = Some(super::atoi(value));
    Ok(())
}
