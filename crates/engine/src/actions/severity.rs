//! `severity`: how bad a match is, 0 (EMERGENCY) to 7 (DEBUG).

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `severity`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "severity",
    aliases: &[],
    group: Group::Metadata,
    value: ValueRule::Required,
    starter_only: true,
    summary: "How bad a match is: 0 to 7, or EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO, DEBUG.",
    example: "severity:CRITICAL",
    apply,
};

/// Names by number.
pub(crate) const NAMES: [&str; 8] =
    ["EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"];

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let named = NAMES.iter().position(|name| name.as_bytes().eq_ignore_ascii_case(value));
    // Any other text is read as a number, as ModSecurity v2 does: junk is 0.
    draft.severity = Some(named.map_or_else(|| super::atoi(value), |number| number as i32));
    Ok(())
}
