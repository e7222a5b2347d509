//! `proxy`: sends the request elsewhere.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};
use crate::ruleset::Disruptive;

/// The record of `proxy`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "proxy",
    aliases: &[],
    group: Group::Disruptive,
    value: ValueRule::Required,
    starter_only: true,
    summary: "Sends the request to another origin (phases 1 and 2).",
    example: "proxy:http://honeypot.example.org/",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let url = context.template(value);
    draft.set_disruptive(Disruptive::Proxy(url));
    Ok(())
}
