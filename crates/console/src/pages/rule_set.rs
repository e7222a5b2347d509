//! A rule set: its rules with what they say of themselves, a switch for each, and its text in an editor.
//!
//! The editor's text is checked as part of the whole site by the same words as `portcullis check`. A text with errors is shown
//! with its lines marked and cannot be committed. Other files that run (`modsecurity.conf`, `portcullis.toml`) have the same
//! editor under `/files/`.

use std::collections::BTreeMap;
use std::path::Path;

use askama::Template;
use axum::http::StatusCode;
use portcullis_site::{Changes, RuleSetFile, State};

use super::exclusions::hits;
use super::rule_sets::Row;
use super::{Page, changes, render};
use crate::app::App;
use crate::change::{Change, as_submitted, digest, editable, switched_off};
use crate::control::{Check, Finding, Severity};
use crate::request::{Answer, Failure, Request};
use crate::rules::{self, RuleSummary};
use crate::view::{Piece, counted, pieces};

#[derive(Template)]
#[template(path = "rule_set.html")]
struct RuleSetPage {
    page: Page,
    set: Option<Row>,
    title: String,
    sentence: String,
    description: String,
    path: String,
    rules: Vec<(RuleSummary, bool)>,
    editor: Option<Editor>,
    source_only: bool,
    /// Events of the last 30 days by rule; `None` when none are kept.
    hits: Option<BTreeMap<u64, u64>>,
}

impl RuleSetPage {
    /// How many events a rule has, where it has any.
    fn events(&self, id: &Option<u64>) -> String {
        let count = id.and_then(|id| self.hits.as_ref()?.get(&id).copied());
        count
            .map(|count| format!("{}, ", counted(usize::try_from(count).unwrap_or(usize::MAX), "event")))
            .unwrap_or_default()
    }
}

/// A text with what is wrong with it.
struct Editor {
    action: String,
    text: String,
    pieces: Vec<Piece>,
    lines: Vec<(usize, bool)>,
    base: String,
    findings: Vec<Finding>,
    /// Findings in other files of the site, which count as much.
    elsewhere: usize,
    check: String,
    failed: bool,
    is_draft: bool,
    /// Why it is not edited here.
    refused: Option<String>,
}

impl Editor {
    fn new(path: &str, text: &[u8], base: String, check: Check, is_draft: bool) -> Self {
        let shown = String::from_utf8_lossy(text).into_owned();
        let is_text = !matches!(shown, ref s if s.contains('\u{fffd}') || s.chars().any(is_odd));
        let here = |finding: &&Finding| finding.path.as_deref() == Some(Path::new(path));
        let findings: Vec<Finding> = check.findings.iter().filter(here).cloned().collect();
        let bad = |line: usize| {
            let at =
                |f: &Finding| f.severity == Severity::Error && f.line.is_some_and(|n| n as usize == line);
            findings.iter().any(at)
        };
        let count = shown.lines().count().max(1) + usize::from(shown.ends_with('\n'));
        Self {
            action: format!("/files/{path}"),
            pieces: pieces(&shown),
            lines: (1..=count).map(|line| (line, bad(line))).collect(),
            base,
            elsewhere: check.findings.len() - findings.len(),
            findings,
            check: check.text,
            failed: check.failed,
            is_draft,
            refused: (!is_text).then(|| {
                "This file has bytes that a browser would change, so it is edited on the server.".to_owned()
            }),
            text: shown,
        }
    }
}

/// What a text area does not give back as it was.
fn is_odd(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t' | '\r')
}

pub(super) fn show(app: &App, request: &Request) -> Result<Answer, Failure> {
    let set = app.site()?.rule_set_file(request.parameter("name"))?;
    let path = set.activated.as_ref().or(set.source.as_ref());
    let path = path.ok_or_else(|| Failure::missing(&set.name))?.display().to_string();
    page(app, request, StatusCode::OK, &path, Some(&set), None)
}

pub(super) fn file(app: &App, request: &Request) -> Result<Answer, Failure> {
    let path = request.parameter("path").to_owned();
    if !editable(&path) {
        return Err(Failure::missing(format!("`{path}`")));
    }
    page(app, request, StatusCode::OK, &path, set_of(app, &path)?.as_ref(), None)
}

/// The set that a file is, when it is one.
fn set_of(app: &App, path: &str) -> Result<Option<RuleSetFile>, Failure> {
    let sets = app.site()?.rule_sets()?;
    Ok(sets.into_iter().find(|set| set.activated.as_deref() == Some(Path::new(path))))
}

/// A file with its text as it is, or as a draft (text and base).
fn page(
    app: &App,
    request: &Request,
    status: StatusCode,
    path: &str,
    set: Option<&RuleSetFile>,
    draft: Option<(&str, &str)>,
) -> Result<Answer, Failure> {
    let page = Page::new(app, request, path.rsplit('/').next().unwrap_or(path), "rulesets")?;
    let site = app.site()?;
    let present = site.text(Path::new(path))?;
    let is_running = set.is_none_or(|set| set.state != State::Off);
    let check = match draft {
        _ if !is_running => Check::default(),
        Some((text, _)) => {
            let mut changes = Changes::default();
            changes.write(path, text.as_bytes().to_vec());
            app.control.check(&site.with_changes(&changes))
        }
        None => app.check_present()?,
    };
    let (text, base) = match draft {
        Some((text, base)) => (text.as_bytes(), base.to_owned()),
        None => (present.as_slice(), digest(&present)),
    };
    let off = switched_off(&site)?;
    let is_off = |rule: &RuleSummary| rule.id.is_some_and(|id| off.contains(&id));
    let rules: Vec<_> =
        rules::of(text).into_iter().map(|rule| (is_off(&rule), rule)).map(|(o, r)| (r, o)).collect();
    let gone = rules.iter().filter(|(_, off)| *off).count();
    let mut sentence = format!("{}, {gone} of them off.", counted(rules.len(), "rule"));
    if let Some(set) = set.filter(|set| set.is_edited) {
        let source = set.source.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        sentence = format!("{sentence} The text differs from {source}.");
    }
    let editor = Editor::new(path, text, base, check, draft.is_some());
    let about = set.map(|set| set.about.clone()).unwrap_or_default();
    let rendered = RuleSetPage {
        title: if about.title.is_empty() { page.title.clone() } else { about.title },
        description: about.description,
        set: set.map(Row::of),
        sentence,
        path: path.to_owned(),
        rules,
        editor: Some(editor),
        source_only: !is_running,
        hits: hits(app),
        page,
    };
    render(status, &rendered)
}

/// The switch of the set, or of a rule in it.
pub(super) fn switch(app: &App, request: &Request) -> Result<Answer, Failure> {
    let name = request.parameter("name");
    if let Some(word) = request.field("rule-off") {
        return changes::shown(app, request, &Change::Rules { off: vec![number(word)?], on: Vec::new() });
    }
    if let Some(word) = request.field("rule-on") {
        return changes::shown(app, request, &Change::Rules { off: Vec::new(), on: vec![number(word)?] });
    }
    let word = request.required("state")?;
    let state = crate::change::SetState::named(word)
        .ok_or_else(|| Failure::invalid(format!("`{word}` is no state; a set is off, detect or protect.")))?;
    changes::shown(app, request, &Change::RuleSetStates { states: [(name.to_owned(), state)].into() })
}

fn number(word: &str) -> Result<u64, Failure> {
    word.parse().map_err(|_| Failure::invalid(format!("`{word}` is no rule id.")))
}

/// An edited text: checked and shown again, or on to its review.
pub(super) fn edit(app: &App, request: &Request) -> Result<Answer, Failure> {
    let path = request.parameter("path").to_owned();
    if !editable(&path) {
        return Err(Failure::missing(format!("`{path}`")));
    }
    let present = app.site()?.text(Path::new(&path))?;
    let text = as_submitted(request.required("text")?, &present);
    let base = request.required("base")?.to_owned();
    let set = set_of(app, &path)?;
    if request.field("do") == Some("review") {
        let change = Change::File { path: path.clone(), text: text.clone(), base: base.clone() };
        let site = app.site()?;
        let mut changes = Changes::default();
        changes.write(&path, text.as_bytes().to_vec());
        if digest(&present) != base {
            return conflict(app, request, &path, &present, &text);
        }
        if !app.control.check(&site.with_changes(&changes)).failed {
            return changes::shown(app, request, &change);
        }
        return page(
            app,
            request,
            StatusCode::UNPROCESSABLE_ENTITY,
            &path,
            set.as_ref(),
            Some((&text, &base)),
        );
    }
    page(app, request, StatusCode::OK, &path, set.as_ref(), Some((&text, &base)))
}

#[derive(Template)]
#[template(path = "conflict.html")]
struct ConflictPage {
    page: Page,
    path: String,
    diff: Vec<crate::view::DiffLine>,
    text: String,
    base: String,
}

/// Somebody else was faster: both versions, and the choice to go on from theirs.
fn conflict(app: &App, request: &Request, path: &str, present: &[u8], text: &str) -> Result<Answer, Failure> {
    let page = Page::new(app, request, "Edited by two", "rulesets")?;
    let diff = portcullis_site::history::unified(Path::new(path), Some(present), Some(text.as_bytes()));
    let diff = crate::view::diff_lines(&diff);
    let base = digest(present);
    render(
        StatusCode::CONFLICT,
        &ConflictPage { page, path: path.to_owned(), diff, text: text.to_owned(), base },
    )
}
