//! Showing what a change would do, and doing it.

use std::collections::BTreeMap;
use std::path::Path;

use axum::http::StatusCode;
use portcullis_site::history::{Author, unified};
use portcullis_site::{Changes, Site};
use schemars::JsonSchema;
use serde::Serialize;

use super::plan::plan;
use super::{Change, digest};
use crate::accounts::Viewer;
use crate::app::App;
use crate::control::{Check, Reload};
use crate::gate;
use crate::request::Failure;
use crate::view::printable;

/// The longest reason.
const LONGEST_REASON: usize = 2000;

/// What a change would do.
pub(crate) struct Review {
    /// The subject of its commit.
    pub(crate) title: String,
    /// Files and differences.
    pub(crate) files: Vec<(String, String)>,
    /// What `check` says of the site with it.
    pub(crate) check: Check,
    /// The content of the touched files now.
    pub(crate) base: String,
}

/// What a change did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Done {
    /// The commit; absent when the site has no history.
    pub(crate) commit: Option<String>,
    /// The commit of edits made by hand that lay in the same files.
    pub(crate) kept: Option<String>,
    /// Whether it is in force.
    pub(crate) reload: Reload,
}

/// What a change would do to the site as it is now.
pub(crate) fn review(app: &App, change: &Change) -> Result<Review, Failure> {
    let site = app.site()?;
    let (title, changes) = plan(app, &site, change)?;
    let mut files = Vec::new();
    for (path, content) in changes.iter() {
        let before = present(&site, path)?;
        let text = unified(path, before.as_deref(), content.map(Vec::as_slice));
        files.push((path.display().to_string(), text));
    }
    let check =
        if changes.is_empty() { Check::default() } else { app.control.check(&site.with_changes(&changes)) };
    Ok(Review { title, files, check, base: base(&site, &changes)? })
}

/// Makes a change. With a `base`, only when the files are as they were when it was shown.
pub(crate) fn commit(
    app: &App,
    viewer: &Viewer,
    change: &Change,
    shown: Option<&str>,
    reason: &str,
) -> Result<Done, Failure> {
    gate::check_role(viewer, change.role())?;
    if let Some(why) = app.control.status().read_only {
        return Err(Failure::new(StatusCode::CONFLICT, why));
    }
    // What stands above an exclusion is what the commit says.
    let reason = if let Change::Exclude { reason, .. } = change { reason } else { reason };
    let reason = printable(reason.trim().as_bytes(), LONGEST_REASON);
    let done = app.begin_change();
    let site = app.site()?;
    let (title, changes) = plan(app, &site, change)?;
    if changes.is_empty() {
        return Err(Failure::new(StatusCode::CONFLICT, "Nothing to change: the site is like this already."));
    }
    if shown.is_some_and(|shown| base(&site, &changes).is_ok_and(|now| now != shown)) {
        let message =
            "The site changed since this was shown. Look at it again: what it would do now is below.";
        return Err(Failure::new(StatusCode::CONFLICT, message));
    }
    let check = app.control.check(&site.with_changes(&changes));
    if check.failed {
        return Err(Failure::invalid(format!(
            "Nothing was changed: the site would have errors.\n\n{}",
            check.text
        )));
    }
    let message = if reason.is_empty() { title } else { format!("{title}\n\n{reason}\n") };
    let made = site.commit(&changes, &message, Some(&author(viewer)))?;
    drop(done);
    let id = |commit: Option<portcullis_site::history::Recorded>| commit.map(|commit| commit.id.to_string());
    Ok(Done { commit: id(made.recorded), kept: id(made.kept), reload: app.control.reload() })
}

fn author(viewer: &Viewer) -> Author {
    let name = viewer.account.clone();
    let email = if name.contains('@') { name.clone() } else { format!("{name}@localhost") };
    Author { name, email }
}

fn present(site: &Site, path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    Ok(site.read_file(&path.to_string_lossy(), u64::from(u32::MAX))?)
}

/// The content of the files that a change touches, as a digest.
fn base(site: &Site, changes: &Changes) -> Result<String, Failure> {
    let mut contents = BTreeMap::new();
    for (path, new) in changes.iter() {
        let before = present(site, path)?.map(|text| digest(&text));
        contents.insert(path.display().to_string(), (before, new.map(|text| digest(text))));
    }
    Ok(digest(format!("{contents:?}").as_bytes()))
}
