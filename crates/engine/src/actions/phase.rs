//! `phase`: when a rule runs.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::verdict::Phase;

/// The record of `phase`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "phase",
    aliases: &[],
    group: Group::Metadata,
    value: ValueRule::Required,
    starter_only: true,
    summary: "The phase the rule runs in: 1 to 5, request (2), response (4) or logging (5).",
    example: "phase:2",
    apply,
};

/// A phase by number or name.
pub(crate) fn parse(value: &[u8]) -> Option<Phase> {
    let number = match value.to_ascii_lowercase().as_slice() {
        b"request" => 2,
        b"response" => 4,
        b"logging" => 5,
        _ => super::atoi(value),
    };
    Phase::ALL.into_iter().find(|phase| i32::from(phase.number()) == number)
}

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    match parse(value) {
        Some(phase) => {
            draft.phase = Some(phase);
            Ok(())
        }
        None => Err(ActionError::new(format!("there is no phase `{}`", String::from_utf8_lossy(value)))
            .with_help("phases are 1 (request headers), 2 (request body), 3 (response headers), 4 (response body) and 5 (logging)")),
    }
}
