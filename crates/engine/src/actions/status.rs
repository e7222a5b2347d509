//! `status`: the status of an interception. A text that is no number counts as 0, which is answered as 500.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `status`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "status",
    aliases: &[],
    group: Group::Modifier,
    value: ValueRule::Required,
    starter_only: false,
    summary: "The status that `deny` and `redirect` answer with.",
    example: "status:406",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    draft.status = Some(u16::try_from(super::atoi(value)).unwrap_or(0));
    Ok(())
}
