//! `id`: the number of a rule, mandatory and unique.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `id`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "id",
    aliases: &[],
    group: Group::Metadata,
    value: ValueRule::Required,
    starter_only: true,
    summary: "The number of the rule; every rule outside a chain has one of its own.",
    example: "id:1001",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let text = String::from_utf8_lossy(value);
    match text.parse::<u64>() {
        Ok(id) if id > 0 && value.iter().all(u8::is_ascii_digit) => {
            draft.id = Some((id, context.span));
            Ok(())
        }
        _ => Err(ActionError::new(format!("invalid rule id `{text}`"))
            .with_help("an id is a number above 0, digits only, for example `id:100001`")),
    }
}
