//! `allow`: ends the evaluation in favour of the client.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::ruleset::{AllowScope, Disruptive};

/// The record of `allow`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "allow",
    aliases: &[],
    group: Group::Disruptive,
    value: ValueRule::Optional,
    starter_only: true,
    summary: "Runs no further rules: in phases 1 to 4, with `request` in phases 1 and 2, with `phase` in this one.",
    example: "allow:phase",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let scope = match value.to_ascii_lowercase().as_slice() {
        b"" => AllowScope::Exchange,
        b"request" => AllowScope::Request,
        b"phase" => AllowScope::Phase,
        _ => {
            return Err(ActionError::new(format!(
                "invalid scope `{}` of allow",
                String::from_utf8_lossy(value)
            ))
            .with_help("write `allow`, `allow:request` or `allow:phase`"));
        }
    };
    draft.set_disruptive(Disruptive::Allow(scope));
    Ok(())
}
