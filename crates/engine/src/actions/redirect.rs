//! `redirect`: sends the client elsewhere.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::ruleset::Disruptive;

/// The record of `redirect`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "redirect",
    aliases: &[],
    group: Group::Disruptive,
    value: ValueRule::Required,
    starter_only: true,
    summary: "Answers with a redirect; the status is 302 unless `status` says 301, 303, 307 or 308.",
    example: "redirect:https://example.org/blocked",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let url = context.template(value);
    draft.set_disruptive(Disruptive::Redirect(url));
    Ok(())
}
