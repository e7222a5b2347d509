//! From a change to the files that it writes.

use portcullis_site::history::History;
use portcullis_site::{Changes, Site, State, Tuning};

use super::{Change, SetState, exclude, file, switched_off};
use crate::app::App;
use crate::request::Failure;

/// The subject of a change's commit, and the files that it writes; none when everything is so already.
pub(super) fn plan(app: &App, site: &Site, change: &Change) -> Result<(String, Changes), Failure> {
    match change {
        Change::Exclude { event, rule, scope, reason } => {
            exclude::add(app, site, event, *rule, *scope, reason)
        }
        Change::RemoveExclusion { exclusion } => exclude::remove(site, exclusion),
        change => Ok((change.title(), files(app, site, change)?)),
    }
}

fn files(app: &App, site: &Site, change: &Change) -> Result<Changes, Failure> {
    match change {
        Change::Exclude { .. } | Change::RemoveExclusion { .. } => Ok(plan(app, site, change)?.1),
        Change::RuleSetStates { states } => {
            rule_sets(site, states.iter().map(|(name, state)| (name.as_str(), *state)))
        }
        Change::Rules { off, on } => switched_off::change(site, off, on),
        Change::File { path, text, base } => file::change(site, path, text, base),
        Change::Tunings { values } => in_turn(site, values, |site, name, value| {
            let tuning = Tuning::named(name);
            let tuning = tuning
                .ok_or_else(|| Failure::invalid(format!("No setting of the rules is called `{name}`.")))?;
            Ok(site.tuning_change(tuning, value)?)
        }),
        Change::Settings { values } => in_turn(site, values, |site, name, value| {
            app.control.setting_change(site, name, value).map_err(Failure::invalid)
        }),
        Change::Mode { mode } => Ok(site.mode_change((*mode).into())?),
        Change::Restore { commit } => Ok(History::expect(site.root())?.changes_to(commit)?),
    }
}

/// Changes one after the other: each is made on what the ones before it left.
fn in_turn<'a, N: AsRef<str> + 'a, V: AsRef<str> + 'a>(
    site: &Site,
    values: impl IntoIterator<Item = (&'a N, &'a V)>,
    change: impl Fn(&Site, &str, &str) -> Result<Changes, Failure>,
) -> Result<Changes, Failure> {
    let mut all = Changes::default();
    for (name, value) in values {
        let next = change(&site.with_changes(&all), name.as_ref(), value.as_ref())?;
        all.extend(next);
    }
    Ok(all)
}

fn rule_sets<'a>(site: &Site, states: impl Iterator<Item = (&'a str, SetState)>) -> Result<Changes, Failure> {
    let mut all = Changes::default();
    for (name, state) in states {
        let site = site.with_changes(&all);
        let set = site.rule_set_file(name)?;
        let wanted = State::from(state);
        if set.state == wanted {
            continue;
        }
        if wanted == State::Off {
            all.extend(site.disable_change(&set, false)?);
            continue;
        }
        let enabled = site.enable_change(&set)?;
        let site = site.with_changes(&enabled);
        all.extend(enabled);
        all.extend(site.state_change(&site.rule_set_file(name)?, wanted)?);
    }
    Ok(all)
}
