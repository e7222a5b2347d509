//! The commits of the site, what each changed, and the way back.

use askama::Template;
use axum::http::StatusCode;
use portcullis_site::history::{Entry, History};

use super::{Page, changes, render};
use crate::app::App;
use crate::change::Change;
use crate::request::{Answer, Failure, Request};
use crate::view::{DiffLine, ago, day, diff_lines, moment};

/// Commits on the page.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    page: Page,
    query: String,
    days: Vec<(String, Vec<Row>)>,
    total: usize,
    shown: Option<Commit>,
    /// Edits that are not committed, and what happened to each file.
    edits: Vec<String>,
    branch: String,
}

struct Row {
    id: String,
    short: String,
    time: String,
    author: String,
    subject: String,
    is_current: bool,
    is_newest: bool,
}

struct Commit {
    id: String,
    subject: String,
    body: String,
    author: String,
    time: String,
    ago: String,
    files: Vec<(String, Vec<DiffLine>)>,
    is_newest: bool,
}

pub(super) fn list(app: &App, request: &Request) -> Result<Answer, Failure> {
    page(app, request, None)
}

pub(super) fn show(app: &App, request: &Request) -> Result<Answer, Failure> {
    page(app, request, Some(request.parameter("commit")))
}

fn page(app: &App, request: &Request, wanted: Option<&str>) -> Result<Answer, Failure> {
    let page = Page::new(app, request, "History", "history")?;
    let site = app.site()?;
    let Some(history) = History::of(site.root())? else {
        let message = "This site has no history: no git repository holds it. `git init` in its folder, and a first commit, begin one.";
        return Err(Failure::new(StatusCode::NOT_FOUND, message));
    };
    let entries = history.entries(MOST)?;
    let newest = entries.first().map(|entry| entry.id);
    let shown = match wanted.or(newest.as_ref().map(ToString::to_string).as_deref()) {
        Some(revision) => Some(commit(&history, &entries, revision)?),
        None => None,
    };
    let query = request.asked("q").unwrap_or_default().to_owned();
    let current = shown.as_ref().map(|commit| commit.id.clone());
    let mut days: Vec<(String, Vec<Row>)> = Vec::new();
    for entry in entries.iter().filter(|entry| is_found(entry, &query)) {
        let row = Row {
            id: entry.id.to_string(),
            short: entry.id.short(),
            time: moment(entry.seconds).split_off(11),
            author: entry.author.clone(),
            subject: entry.subject.clone(),
            is_current: current.as_deref() == Some(entry.id.to_string().as_str()),
            is_newest: newest == Some(entry.id),
        };
        let day = day(entry.seconds);
        match days.last_mut().filter(|(known, _)| *known == day) {
            Some((_, rows)) => rows.push(row),
            None => days.push((day, vec![row])),
        }
    }
    let edits = history.uncommitted()?;
    let edits = edits.iter().map(|edit| format!("{} {}", edit.kind, edit.path.display())).collect();
    let branch = history.branch().unwrap_or_default();
    let total = entries.len();
    render(StatusCode::OK, &HistoryPage { page, query, days, total, shown, edits, branch })
}

fn is_found(entry: &Entry, query: &str) -> bool {
    let text = format!("{} {} {} {}", entry.id, entry.author, entry.subject, entry.body).to_lowercase();
    query.split_whitespace().all(|word| text.contains(&word.to_lowercase()))
}

fn commit(history: &History, entries: &[Entry], revision: &str) -> Result<Commit, Failure> {
    let is_id = revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let entry = entries.iter().find(|entry| is_id && entry.id.to_string().starts_with(revision));
    let entry = entry.ok_or_else(|| Failure::missing(format!("The commit `{revision}`")))?;
    let files = history.changes_of(&entry.id.to_string())?;
    Ok(Commit {
        id: entry.id.to_string(),
        subject: entry.subject.clone(),
        body: entry.body.clone(),
        author: entry.author.clone(),
        time: moment(entry.seconds),
        ago: ago(entry.seconds),
        files: files.iter().map(|f| (f.edit.path.display().to_string(), diff_lines(&f.text))).collect(),
        is_newest: entries.first().is_some_and(|first| first.id == entry.id),
    })
}

pub(super) fn restore(app: &App, request: &Request) -> Result<Answer, Failure> {
    changes::shown(app, request, &Change::Restore { commit: request.parameter("commit").to_owned() })
}
