//! Exclusions of rules, made and taken back.
//!
//! Event, rule, scope and reason → a comment and a directive at the end of a file of exclusions, whose text is that of
//! `portcullis_insight::proposals`; a set's own file is never touched. An exclusion is taken back with the comment above it.

use portcullis_insight::Scope;
use portcullis_site::{Changes, Site};

use super::file::LONGEST;
use super::switched_off;
use crate::app::App;
use crate::exclusions;
use crate::request::Failure;

/// The longest reason.
const LONGEST_REASON: usize = 1000;

/// Subject and files of a new exclusion.
pub(super) fn add(
    app: &App,
    site: &Site,
    event: &str,
    rule: u64,
    scope: Scope,
    reason: &str,
) -> Result<(String, Changes), Failure> {
    let reason: String = reason.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if reason.is_empty() {
        return Err(Failure::invalid("Say why: the reason stands above the exclusion and in the commit."));
    }
    if reason.len() > LONGEST_REASON {
        return Err(Failure::invalid(format!("A reason has at most {LONGEST_REASON} bytes.")));
    }
    let stored = app.events()?.get(event)?;
    let stored = stored.ok_or_else(|| Failure::missing(format!("The event `{event}`")))?;
    let found = app.control.proposals(site, &stored, rule, &[])?;
    let proposal = found.into_iter().find(|proposal| proposal.scope == scope).ok_or_else(|| {
        Failure::invalid(format!("No exclusion of that scope can be written for rule {rule} in this event."))
    })?;
    let changes = proposal.with_reason(site, &format!("{reason}\nFrom the event {}.", stored.summary.id))?;
    Ok((proposal.summary, changes))
}

/// Subject and files of a removal.
pub(super) fn remove(site: &Site, id: &str) -> Result<(String, Changes), Failure> {
    let all = exclusions::of(site)?;
    let one = all.iter().find(|one| one.id == id);
    let one = one.ok_or_else(|| Failure::missing(format!("The exclusion `{id}`")))?;
    let title = format!("Take back: {}", one.summary());
    if one.path == switched_off::path() {
        let on: Vec<u64> = one.rules.iter().filter_map(|rule| rule.parse().ok()).collect();
        return Ok((title, switched_off::change(site, &[], &on)?));
    }
    let text = site.read_file(&one.path, LONGEST)?.unwrap_or_default();
    let (start, end) = one.place_in_file;
    let rest = [text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default()].concat();
    let mut changes = Changes::default();
    if rest.trim_ascii().is_empty() && one.path != portcullis_site::CONFIGURATION {
        changes.remove(&one.path);
    } else {
        changes.write(&one.path, rest);
    }
    Ok((title, changes))
}
