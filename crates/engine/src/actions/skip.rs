//! `skip`: skips rules on a match.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `skip`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "skip",
    aliases: &[],
    group: Group::Flow,
    value: ValueRule::Required,
    starter_only: true,
    summary: "Skips this many rules of the phase; a chain counts as one.",
    example: "skip:2",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.skip = Some(u32::try_from(super::atoi(value)).unwrap_or(0).max(1));
    Ok(())
}
