//! `sanitiseMatchedBytes`: masks the bytes that matched in every log.

use super::{ActionError, ActionInfo, Effect, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::sanitise::Sanitise;

/// The record of `sanitiseMatchedBytes`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "sanitiseMatchedBytes",
    aliases: &["sanitizeMatchedBytes"],
    group: Group::Effect,
    value: ValueRule::Optional,
    starter_only: false,
    summary: "Masks the bytes that matched with asterisks in every log.",
    example: "sanitiseMatchedBytes:1/4",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let keep = match value {
        [] => (0, 0),
        [first @ b'0'..=b'9', b'/', last @ b'0'..=b'9'] => (first - b'0', last - b'0'),
        _ => {
            return Err(ActionError::new("sanitiseMatchedBytes takes two digits")
                .with_help("`sanitiseMatchedBytes:1/4` shows the first byte and the last four"));
        }
    };
    draft.effects.push(Effect::Sanitise(Sanitise::MatchedBytes { first: keep.0, last: keep.1 }));
    Ok(())
}
