//! What is taken out of rules: the list, a new exclusion from an event with what each scope would have changed, and removal.
//!
//! `/exclusions/new?event=ID&rule=942100` replays stored events for every scope that can be written, so a page takes as long as that:
//! at most [`TRIED`] events of the rule and as many of its tag.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use portcullis_insight::proposals::{BEFORE, tried};
use portcullis_insight::{ChangedEvent, EventDetail, Proposal, Scope, Verdict};

use super::{Badge, Page, changes, render};
use crate::app::App;
use crate::change::Change;
use crate::exclusions::{self, Exclusion, Made};
use crate::range::Range;
use crate::request::{Answer, Failure, Request, encoded};
use crate::view::{Piece, ago, counted, grouped, moment, pieces, printable};

/// Stored events that proposals are tried on, the newest.
pub(crate) const TRIED: usize = 100;

/// Bytes of a value that a row shows.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "exclusions.html")]
struct ListPage {
    page: Page,
    sentence: String,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    summary: String,
    condition: String,
    reason: String,
    /// The event that it was made from.
    event: Option<String>,
    link: String,
    place: String,
    text: Vec<Piece>,
    /// Events of the rules it names in the last 30 days, with a link to those of the first.
    events: String,
    events_link: String,
    /// How often its own rule was logged, where it logs.
    uses: String,
    made: Option<Made>,
    ago: String,
}

pub(super) fn show(app: &App, request: &Request) -> Result<Answer, Failure> {
    let page = Page::new(app, request, "Exclusions", "exclusions")?;
    let site = app.site()?;
    let found = exclusions::of(&site)?;
    let made = exclusions::made(&site, &found)?;
    let hits = hits(app);
    let sentence = match found.len() {
        0 => "No exclusion is in the site's own files.".to_owned(),
        count => format!("{} in the site's own files.", counted(count, "exclusion")),
    };
    let rows = found.into_iter().zip(made).map(|(one, made)| Row::of(one, made, hits.as_ref())).collect();
    render(StatusCode::OK, &ListPage { page, sentence, rows })
}

/// Events by rule in the last 30 days; `None` when none are kept.
pub(crate) fn hits(app: &App) -> Option<BTreeMap<u64, u64>> {
    let hits = app.control.events()?.hits(Range::longest().window()).ok()?;
    Some(hits.into_iter().collect())
}

impl Row {
    fn of(one: Exclusion, made: Option<Made>, hits: Option<&BTreeMap<u64, u64>>) -> Self {
        let rules: Vec<u64> = one.rules.iter().filter_map(|rule| rule.parse().ok()).collect();
        let of = |rule: &u64| hits.map(|hits| hits.get(rule).copied().unwrap_or(0));
        let events = match rules.as_slice() {
            [] => None,
            rules => rules.iter().map(of).sum::<Option<u64>>(),
        };
        let uses = one.carrier.filter(|(_, logs)| *logs).and_then(|(id, _)| of(&id));
        let event =
            one.reason.lines().find_map(|line| line.strip_prefix("From the event ")?.strip_suffix('.'));
        let words = one.reason.lines().filter(|line| !line.starts_with("From the event "));
        let query = |rule: &u64| format!("/events?range=month&q=rule%3A{rule}");
        Self {
            summary: one.summary(),
            link: format!("/files/{}", one.path),
            place: format!("{}, line {}", one.path.rsplit('/').next().unwrap_or(&one.path), one.line),
            text: pieces(&one.text),
            events: events.map_or_else(|| "–".to_owned(), grouped),
            events_link: rules.first().map(query).unwrap_or_default(),
            uses: uses.map(grouped).unwrap_or_default(),
            ago: made.as_ref().map(|made| ago(made.seconds)).unwrap_or_default(),
            reason: words.collect::<Vec<_>>().join(" "),
            event: event.map(str::to_owned),
            id: one.id,
            condition: one.condition,
            made,
        }
    }
}

#[derive(Template)]
#[template(path = "exclusion_new.html")]
struct NewPage {
    page: Page,
    event: String,
    request_line: String,
    rule: u64,
    message: String,
    /// Rules of the event that can be excluded, each once.
    rules: Vec<u64>,
    /// Why there is nothing to choose from.
    refused: Option<String>,
    tried: String,
    scopes: Vec<Choice>,
    reason: String,
}

/// A scope to choose.
struct Choice {
    name: &'static str,
    checked: bool,
    summary: String,
    place: &'static str,
    file: String,
    text: Vec<Piece>,
    cleared: String,
    of: String,
    released: String,
    with_other_rules: u64,
    notes: Vec<String>,
    changed: Vec<Changed>,
}

/// A stored event that it would have changed.
struct Changed {
    link: String,
    time: String,
    request: String,
    today: Badge,
    then: Badge,
    score: String,
    rules: String,
}

pub(super) fn propose(app: &App, request: &Request) -> Result<Answer, Failure> {
    let id = request.asked("event").unwrap_or_default();
    let event = event(app, id)?;
    let rule = asked_rule(request, &event)?;
    new_page(app, request, &event, rule, StatusCode::OK, None)
}

/// An event with the proposals for a rule of it.
pub(crate) fn proposed(app: &App, event: &EventDetail, rule: u64) -> Result<(usize, Vec<Proposal>), Failure> {
    let stored = tried(&*app.events()?, event, rule, Range::longest().window(), TRIED)?;
    Ok((stored.len(), app.control.proposals(&app.site()?, event, rule, &stored)?))
}

pub(crate) fn event(app: &App, id: &str) -> Result<EventDetail, Failure> {
    app.events()?.get(id)?.ok_or_else(|| Failure::missing(format!("The event `{id}`")))
}

/// The rule that is asked for, or the first that looked at the request itself.
pub(crate) fn asked_rule(request: &Request, event: &EventDetail) -> Result<u64, Failure> {
    match request.asked("rule") {
        Some(word) => word.parse().map_err(|_| Failure::invalid(format!("`{word}` is no rule id."))),
        None => {
            let first = event.matched.iter().find(|rule| !rule.sums_up);
            let none = || Failure::invalid("No rule that looks at the request itself matched in this event.");
            first.map(|rule| rule.id).ok_or_else(none)
        }
    }
}

fn new_page(
    app: &App,
    request: &Request,
    event: &EventDetail,
    rule: u64,
    status: StatusCode,
    problem: Option<String>,
) -> Result<Answer, Failure> {
    let page = Page::new(app, request, "New exclusion", "exclusions")?;
    let (tried, found, refused) = match proposed(app, event, rule) {
        Ok((tried, found)) => (tried, found, problem),
        Err(failure) if failure.status.is_client_error() => (0, Vec::new(), Some(failure.message)),
        Err(failure) => return Err(failure),
    };
    let mut rules: Vec<u64> = event.matched.iter().filter(|one| !one.sums_up).map(|one| one.id).collect();
    rules.sort_unstable();
    rules.dedup();
    let matched = event.matched.iter().find(|one| one.id == rule);
    let chosen = request.field("scope").or(request.asked("scope")).and_then(Scope::named);
    // The narrowest that changes anything, unless another was asked for.
    let works = |one: &Proposal| one.effect.cleared + one.effect.released > 0 || !one.changed.is_empty();
    let chosen = chosen.or(found.iter().find(|one| works(one)).or(found.first()).map(|one| one.scope));
    let new = NewPage {
        page,
        event: event.summary.id.clone(),
        request_line: printable(event.request.line.as_slice(), SHOWN),
        rule,
        message: matched.map(|one| printable(one.msg.as_slice(), SHOWN)).unwrap_or_default(),
        rules,
        refused,
        tried: counted(tried, "stored event"),
        scopes: found.iter().map(|one| Choice::of(one, chosen == Some(one.scope))).collect(),
        reason: request.field("reason").unwrap_or_default().to_owned(),
    };
    render(status, &new)
}

impl Choice {
    fn of(one: &Proposal, checked: bool) -> Self {
        let effect = &one.effect;
        let mut notes = Vec::new();
        if effect.released_with_other_rules > 0 {
            notes.push(format!(
                "{} that would be let through match other rules still: an attack may be among them.",
                grouped(effect.released_with_other_rules)
            ));
        }
        if effect.doubtful > 0 {
            notes.push(format!("{} could not be replayed exactly.", grouped(effect.doubtful)));
        }
        if effect.not_reproduced > 0 {
            notes.push(format!(
                "{} more matched when they were stored and do not match by the rules of today.",
                grouped(effect.not_reproduced)
            ));
        }
        if effect.events > 0 && one.changed.is_empty() {
            notes.push("It would have changed none of them.".to_owned());
        }
        let is_before = one.file.ends_with(BEFORE);
        Self {
            name: one.scope.name(),
            checked,
            summary: one.summary.clone(),
            place: if is_before { "read before all rule sets" } else { "read after all rule sets" },
            file: one.file.display().to_string(),
            text: pieces(&one.text),
            cleared: grouped(effect.cleared),
            of: grouped(effect.events),
            released: grouped(effect.released),
            with_other_rules: effect.released_with_other_rules,
            notes,
            changed: one.changed.iter().map(Changed::of).collect(),
        }
    }
}

impl Changed {
    fn of(one: &ChangedEvent) -> Self {
        let event = &one.event;
        let badge = |verdict: Verdict| Badge::verdict(verdict);
        Self {
            link: format!("/events/{}", encoded(&event.id)),
            time: moment(event.micros.div_euclid(1_000_000)),
            request: printable(&[event.method.as_slice(), b" ", event.path.as_slice()].concat(), SHOWN),
            today: badge(one.today),
            then: badge(one.then),
            score: format!("{} → {}", event.score, one.score),
            rules: one.rules.iter().map(u64::to_string).collect::<Vec<_>>().join(" "),
        }
    }
}

/// A new exclusion, or one to take back, on to its review.
pub(super) fn review(app: &App, request: &Request) -> Result<Answer, Failure> {
    if let Some(id) = request.field("remove") {
        return changes::shown(app, request, &Change::RemoveExclusion { exclusion: id.to_owned() });
    }
    let word = request.required("scope")?;
    let scope = Scope::named(word).ok_or_else(|| Failure::invalid(format!("`{word}` is no scope.")))?;
    let rule = request.required("rule")?;
    let rule = rule.parse().map_err(|_| Failure::invalid(format!("`{rule}` is no rule id.")))?;
    let (id, reason) = (request.required("event")?, request.required("reason")?);
    if reason.trim().is_empty() {
        let problem = "Say why: the reason stands above the exclusion and in the commit.".to_owned();
        let event = event(app, id)?;
        return new_page(app, request, &event, rule, StatusCode::UNPROCESSABLE_ENTITY, Some(problem));
    }
    let change = Change::Exclude { event: id.to_owned(), rule, scope, reason: reason.trim().to_owned() };
    changes::shown(app, request, &change)
}
