//! `t`: adds a transformation to the rule's chain.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `t`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "t",
    aliases: &[],
    group: Group::Modifier,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Adds a transformation; `none` clears the list, `-name` removes a transformation from it.",
    example: "t:none,t:urlDecodeUni",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let (removes, name) = match value.split_first() {
        Some((b'-', name)) => (true, name),
        Some((b'+', name)) => (false, name),
        _ => (false, value),
    };
    if name.eq_ignore_ascii_case(b"none") {
        draft.transformations.clear();
        return Ok(());
    }
    let Some(transformation) = portcullis_transformations::find(name) else {
        let name = String::from_utf8_lossy(name);
        let known = portcullis_transformations::ALL.iter().map(|t| t.name);
        let error = ActionError::new(format!("unknown transformation `{name}`"));
        return Err(match portcullis_seclang::nearest(&name, known) {
            Some(near) => error.with_help(format!("did you mean `t:{near}`?")),
            None => error,
        });
    };
    if removes {
        draft.transformations.retain(|t| !std::ptr::eq(*t, transformation));
    } else {
        draft.transformations.push(transformation);
    }
    Ok(())
}
