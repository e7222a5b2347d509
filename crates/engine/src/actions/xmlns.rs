//! `xmlns`: a prefix for the XPath expressions of this rule.

use super::{ActionError, ActionInfo, Group, ValueRule};
use crate::compile::draft::{Draft, DraftContext};

/// The record of `xmlns`.
pub static ACTION: ActionInfo = ActionInfo {
    name: "xmlns",
    aliases: &[],
    group: Group::Modifier,
    value: ValueRule::Required,
    starter_only: false,
    summary: "Declares a namespace prefix for the rule's XPath targets.",
    example: "xmlns:soap=http://schemas.xmlsoap.org/soap/envelope/",
    apply,
};

fn apply(draft: &mut Draft, value: &[u8], _context: &mut DraftContext<'_>) -> Result<(), ActionError> {
    let text = String::from_utf8_lossy(value).into_owned();
    let Some((prefix, uri)) =
        text.split_once('=').filter(|(prefix, uri)| !prefix.is_empty() && !uri.is_empty())
    else {
        return Err(ActionError::new("xmlns needs `prefix=uri`"));
    };
    draft.namespaces.push((prefix.to_owned(), uri.to_owned()));
    Ok(())
}
