//! `GET /api/v1/history`, `GET /api/v1/history/{commit}`.

use portcullis_site::history::{Entry, History};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Endpoint, Field, Kind, given};
use crate::app::App;
use crate::request::{Answer, Failure, Request};
use crate::routes::{Route, VIEW};

/// Commits that are listed at most.
const MOST: usize = 1000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/history", VIEW, list).documented(
            Endpoint::gives::<Commits>("The commits that changed the site, newest first.")
                .query([Field::new("limit", "How many; 50 without it.", Kind::Number(1, MOST as u64))])
                .problems(&[404]),
        ),
        Route::get("/api/v1/history/{commit}", VIEW, one)
            .documented(Endpoint::gives::<OneCommit>("A commit and what it changed.")),
    ]
}

/// Commits.
#[derive(Serialize, JsonSchema)]
struct Commits {
    /// Newest first.
    commits: Vec<Commit>,
    /// Files that are not committed as they are.
    uncommitted: Vec<String>,
}

/// A commit.
#[derive(Serialize, JsonSchema)]
struct Commit {
    /// Its id.
    id: String,
    /// Who made it.
    author: String,
    /// When, seconds since the Unix epoch.
    time: i64,
    /// The first line of its message.
    subject: String,
    /// The rest.
    body: String,
}

/// A commit and what it changed.
#[derive(Serialize, JsonSchema)]
struct OneCommit {
    /// The commit.
    commit: Commit,
    /// File by file.
    files: Vec<Difference>,
}

/// The difference of a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct Difference {
    /// Below the site's root.
    pub(super) path: String,
    /// In the form of `diff -u`.
    pub(super) diff: String,
}

impl Commit {
    fn of(entry: &Entry) -> Self {
        Self {
            id: entry.id.to_string(),
            author: entry.author.clone(),
            time: entry.seconds,
            subject: entry.subject.clone(),
            body: entry.body.clone(),
        }
    }
}

fn list(app: &App, request: &Request) -> Result<Answer, Failure> {
    let limit = match request.asked("limit") {
        None => 50,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| Failure::invalid(format!("`limit` is a number from 1 to {MOST}.")))?,
    };
    let history = History::expect(app.site()?.root())?;
    let commits = history.entries(limit)?.iter().map(Commit::of).collect();
    let uncommitted = history.uncommitted()?.iter().map(|edit| edit.path.display().to_string()).collect();
    given(&Commits { commits, uncommitted })
}

fn one(app: &App, request: &Request) -> Result<Answer, Failure> {
    let history = History::expect(app.site()?.root())?;
    let wanted = request.parameter("commit");
    let is_id = wanted.len() >= 7 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
    let entries = if is_id { history.entries(MOST)? } else { Vec::new() };
    let entry = entries.iter().find(|entry| entry.id.to_string().starts_with(wanted));
    let entry = entry.ok_or_else(|| Failure::missing(format!("The commit `{wanted}`")))?;
    let files = history.changes_of(&entry.id.to_string())?.into_iter();
    let files = files.map(|file| Difference { path: file.edit.path.display().to_string(), diff: file.text });
    given(&OneCommit { commit: Commit::of(entry), files: files.collect() })
}
